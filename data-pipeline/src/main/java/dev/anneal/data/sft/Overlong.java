package dev.anneal.data.sft;

import dev.anneal.core.config.ConfigException;

/** What becomes of a conversation of more than {@code block_size} tokens. */
public enum Overlong {
  /** Its start is kept. */
  TRUNCATE,
  /** It is left out and counted. */
  DROP,
  /** It is a bad row. */
  ERROR;

  /** The choice of a configured name; {@link ConfigException} lists the names. */
  public static Overlong of(String key) {
    return switch (key) {
      case "truncate" -> TRUNCATE;
      case "drop" -> DROP;
      case "error" -> ERROR;
      default ->
          throw new ConfigException(
              "Invalid tokenize.overlong: " + key + " (must be one of truncate, drop, error)");
    };
  }
}
