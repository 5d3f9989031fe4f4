package dev.anneal.jobs.corpus;

import dev.anneal.data.config.InputConfig;
import dev.anneal.jobs.read.Decompression;
import java.util.Optional;

/** What the name of a file says about its content. Stateless. */
public final class FormatGuess {
  private FormatGuess() {}

  /** The format that a name tells; empty when it tells none. */
  public static Optional<InputConfig.Format> of(String name) {
    return Optional.ofNullable(
        switch (ending(name)) {
          case "jsonl", "ndjson", "json" -> InputConfig.Format.JSONL;
          case "txt", "text", "md" -> InputConfig.Format.TEXT;
          case "parquet" -> InputConfig.Format.PARQUET;
          case "orc" -> InputConfig.Format.ORC;
          case "arrow", "feather" -> InputConfig.Format.ARROW;
          default -> null;
        });
  }

  static boolean isCompressed(String name) {
    return Decompression.applies(name);
  }

  /** Whether the file may be one JSON array instead of one object a line. */
  static boolean mayBeArray(String name) {
    return ending(name).equals("json");
  }

  private static String ending(String name) {
    return Decompression.ending(Decompression.plainName(name));
  }
}
