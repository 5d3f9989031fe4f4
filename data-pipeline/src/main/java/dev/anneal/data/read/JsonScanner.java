package dev.anneal.data.read;

import dev.anneal.data.text.EightBytes;

/**
 * Walks JSON in bytes without building anything, and is stricter than it need be: it passes over
 * sound UTF-8, sound escapes and plain numbers, and gives up on everything else, so that what it
 * accepts any parser reads the same way. Confined to one thread.
 */
final class JsonScanner {
  private static final int MAX_DEPTH = 100;
  private static final int MAX_NUMBER_BYTES = 18; // no parser sees anything odd in so few digits

  private byte[] bytes = new byte[0];
  private int end;
  private int at;
  private boolean escaped;

  void begin(byte[] source, int from, int until) {
    bytes = source;
    at = from;
    end = until;
  }

  int position() {
    return at;
  }

  /** Whether the string just passed has escapes in it. */
  boolean isEscaped() {
    return escaped;
  }

  /** Passes white space, then says whether nothing is left. */
  boolean atEnd() {
    skipSpace();
    return at == end;
  }

  private void skipSpace() {
    while (at < end
        && (bytes[at] == ' ' || bytes[at] == '\t' || bytes[at] == '\r' || bytes[at] == '\n')) {
      at++;
    }
  }

  /** Passes white space and this byte, if that is what follows. */
  boolean take(char expected) {
    skipSpace();
    if (at < end && bytes[at] == expected) {
      at++;
      return true;
    }
    return false;
  }

  /** Passes white space and says whether this byte follows, without passing it. */
  boolean sees(char expected) {
    skipSpace();
    return at < end && bytes[at] == expected;
  }

  /** Passes white space and a string; false when it is not sound. */
  boolean string() {
    if (!take('"')) {
      return false;
    }
    escaped = false;
    while (true) {
      skipPlain();
      if (at >= end) {
        return false;
      }
      byte value = bytes[at];
      if (value == '"') {
        at++;
        return true;
      }
      if (value == '\\') {
        escaped = true;
        if (!escape()) {
          return false;
        }
      } else if (value < 0) {
        int length = WellFormedUtf8.sequenceLength(bytes, at, end);
        if (length == 0) {
          return false;
        }
        at += length;
      } else if (value < 0x20) {
        return false;
      } else {
        at++;
      }
    }
  }

  /** Eight bytes at a time while all are ASCII and none is a quote, a backslash or a control. */
  private void skipPlain() {
    while (at + Long.BYTES <= end) {
      long word = EightBytes.at(bytes, at);
      long quote = word ^ ('"' * EightBytes.ONES);
      long backslash = word ^ ('\\' * EightBytes.ONES);
      long special =
          word
              | (word - 0x20 * EightBytes.ONES)
              | (quote - EightBytes.ONES)
              | (backslash - EightBytes.ONES);
      if ((special & EightBytes.HIGH_BITS)
          != 0) { // borrows run upwards: the lowest high bit is no false one
        at += Long.numberOfTrailingZeros(special & EightBytes.HIGH_BITS) / Byte.SIZE;
        return;
      }
      at += Long.BYTES;
    }
  }

  private boolean escape() {
    if (at + 1 >= end) {
      return false;
    }
    byte kind = bytes[at + 1];
    if (kind != 'u') {
      at += 2;
      return "\"\\/bfnrt".indexOf(kind) >= 0;
    }
    int unit = JsonUnescape.hex(bytes, at + 2, end);
    at += 6;
    if (unit < 0 || Character.isLowSurrogate((char) unit)) {
      return false;
    }
    if (!Character.isHighSurrogate((char) unit)) {
      return true;
    }
    boolean second = at + 1 < end && bytes[at] == '\\' && bytes[at + 1] == 'u';
    int low = second ? JsonUnescape.hex(bytes, at + 2, end) : -1;
    at += 6;
    return low >= 0 && Character.isLowSurrogate((char) low);
  }

  /** Passes white space and any value; false when it is not sound. */
  boolean value() {
    return value(0);
  }

  private boolean value(int depth) {
    skipSpace();
    if (at >= end || depth > MAX_DEPTH) {
      return false;
    }
    return switch (bytes[at]) {
      case '"' -> string();
      case '{' -> members(depth);
      case '[' -> elements(depth);
      case 't' -> literal("true");
      case 'f' -> literal("false");
      case 'n' -> literal("null");
      default -> number();
    };
  }

  private boolean members(int depth) {
    at++;
    if (take('}')) {
      return true;
    }
    do {
      if (!string() || !take(':') || !value(depth + 1)) {
        return false;
      }
    } while (take(','));
    return take('}');
  }

  private boolean elements(int depth) {
    at++;
    if (take(']')) {
      return true;
    }
    do {
      if (!value(depth + 1)) {
        return false;
      }
    } while (take(','));
    return take(']');
  }

  /** Passes white space and a word, if it follows. */
  boolean literal(String word) {
    skipSpace();
    if (at + word.length() > end) {
      return false;
    }
    for (int i = 0; i < word.length(); i++) {
      if (bytes[at + i] != word.charAt(i)) {
        return false;
      }
    }
    at += word.length();
    return true;
  }

  private boolean number() {
    int start = at;
    if (at < end && bytes[at] == '-') {
      at++;
    }
    int first = at;
    int digits = digits();
    boolean sound = digits == 1 || (digits > 1 && bytes[first] != '0');
    if (sound && at < end && bytes[at] == '.') {
      at++;
      sound = digits() > 0;
    }
    if (sound && at < end && (bytes[at] == 'e' || bytes[at] == 'E')) {
      at++;
      if (at < end && (bytes[at] == '+' || bytes[at] == '-')) {
        at++;
      }
      int exponent = digits();
      sound = exponent == 1 || exponent == 2;
    }
    return sound && at - start <= MAX_NUMBER_BYTES;
  }

  private int digits() {
    int start = at;
    while (at < end && bytes[at] >= '0' && bytes[at] <= '9') {
      at++;
    }
    return at - start;
  }
}
