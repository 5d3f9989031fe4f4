package dev.anneal.data.tokenize.bpe;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** The lines of a Unicode table that {@code interop/unicode} wrote, without its comments. */
final class TableLines {
  private TableLines() {}

  static List<String[]> read(String resource) {
    try (InputStream in = TableLines.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException("Cannot read " + resource + ": not in the jar");
      }
      return new BufferedReader(new InputStreamReader(in, StandardCharsets.US_ASCII))
          .lines()
          .filter(line -> !line.startsWith("#"))
          .map(line -> line.split(" "))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A code point in hexadecimal. */
  static int codePoint(String field) {
    return Integer.parseInt(field, 16);
  }

  /** First code point of {@code A-B} or {@code A}. */
  static int first(String span) {
    int dash = span.indexOf('-');
    return codePoint(dash < 0 ? span : span.substring(0, dash));
  }

  /** Last code point of {@code A-B} or {@code A}. */
  static int last(String span) {
    return codePoint(span.substring(span.indexOf('-') + 1));
  }
}
