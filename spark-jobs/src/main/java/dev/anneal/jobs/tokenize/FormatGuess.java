package dev.anneal.jobs.tokenize;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.InputConfig;
import java.util.Locale;
import java.util.Set;

/** What the name of a file says about its content. Stateless. */
final class FormatGuess {
  private static final Set<String> COMPRESSED = Set.of("gz", "bz2", "zst", "lz4", "snappy");

  private FormatGuess() {}

  /** The configured format, or the one that the name tells. */
  static InputConfig.Format of(String key, InputConfig.Format configured, String name) {
    if (configured != InputConfig.Format.AUTO) {
      return configured;
    }
    return switch (extension(withoutCompression(name))) {
      case "jsonl", "ndjson", "json" -> InputConfig.Format.JSONL;
      case "txt", "text", "md" -> InputConfig.Format.TEXT;
      case "parquet" -> InputConfig.Format.PARQUET;
      default ->
          throw new ConfigException(
              "Invalid "
                  + key
                  + ": cannot tell the format of "
                  + name
                  + " (set format = jsonl, text, lines or parquet)");
    };
  }

  static boolean isCompressed(String name) {
    return COMPRESSED.contains(extension(name));
  }

  /** Whether the file may be one JSON array instead of one object a line. */
  static boolean mayBeArray(String name) {
    return extension(withoutCompression(name)).equals("json");
  }

  static String extension(String name) {
    String last = name.substring(name.lastIndexOf('/') + 1);
    return last.substring(last.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
  }

  private static String withoutCompression(String name) {
    return isCompressed(name) ? name.substring(0, name.lastIndexOf('.')) : name;
  }
}
