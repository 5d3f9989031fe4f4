package dev.anneal.data.read;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The text of one field of a JSON row as UTF-8, found and unescaped in the row's own bytes: no
 * tree, no string, no copy. The whole row is checked. What is out of the ordinary (a fault, a field
 * that is missing or twice there or no text, a name or half a pair written with escapes) is left as
 * it was for {@link JsonRows}, whose word on it counts. Confined to one thread.
 */
public final class JsonTextField {
  private final byte[] name;
  private final JsonScanner scanner = new JsonScanner();
  private int start;
  private int end;
  private boolean escaped;

  /** What was found. */
  public enum Outcome {
    /** The text lies between {@link #start} and {@link #end}. */
    TEXT,
    /** The field is null. */
    NULL,
    /** Ask {@link JsonRows}; the row is unchanged. */
    UNSURE
  }

  public JsonTextField(String name) {
    this.name = name.getBytes(StandardCharsets.UTF_8);
  }

  /** Where the text begins in the row's array. */
  public int start() {
    return start;
  }

  /** Where the text ends in the row's array. */
  public int end() {
    return end;
  }

  /** Looks for the field and unescapes it in place. */
  public Outcome find(SourceRow row) {
    start = -1;
    byte[] bytes = row.bytes();
    scanner.begin(bytes, row.start(), row.end());
    Outcome outcome = scanner.take('{') ? members(bytes) : Outcome.UNSURE;
    if (outcome == Outcome.UNSURE || !scanner.take('}') || !scanner.atEnd()) {
      return Outcome.UNSURE;
    }
    if (outcome == Outcome.TEXT && escaped) {
      end = JsonUnescape.inPlace(bytes, start, end);
    }
    return outcome;
  }

  private Outcome members(byte[] bytes) {
    Outcome outcome = Outcome.UNSURE;
    do {
      if (!scanner.sees('"')) {
        return Outcome.UNSURE;
      }
      int key = scanner.position() + 1;
      if (!scanner.string() || scanner.isEscaped()) {
        return Outcome.UNSURE;
      }
      int keyEnd = scanner.position() - 1;
      if (!scanner.take(':')) {
        return Outcome.UNSURE;
      }
      if (!Arrays.equals(bytes, key, keyEnd, name, 0, name.length)) {
        if (!scanner.value()) {
          return Outcome.UNSURE;
        }
      } else {
        outcome = outcome == Outcome.UNSURE ? field() : Outcome.UNSURE;
        if (outcome == Outcome.UNSURE) {
          return outcome;
        }
      }
    } while (scanner.take(','));
    return outcome;
  }

  private Outcome field() {
    if (!scanner.sees('"')) {
      return scanner.literal("null") ? Outcome.NULL : Outcome.UNSURE;
    }
    start = scanner.position() + 1;
    if (!scanner.string()) {
      return Outcome.UNSURE;
    }
    escaped = scanner.isEscaped();
    end = scanner.position() - 1;
    return Outcome.TEXT;
  }
}
