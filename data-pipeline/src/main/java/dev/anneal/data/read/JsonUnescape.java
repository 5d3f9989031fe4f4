package dev.anneal.data.read;

import java.util.Arrays;

/**
 * Turns the inside of a JSON string into UTF-8 where it lies: no escape is shorter than the bytes
 * it stands for. The string was checked by {@link JsonScanner}. Stateless.
 */
final class JsonUnescape {
  private static final byte[] HEX = new byte[128];

  static {
    Arrays.fill(HEX, (byte) -1);
    for (int i = 0; i < 16; i++) {
      HEX[Character.forDigit(i, 16)] = (byte) i;
      HEX[Character.toUpperCase(Character.forDigit(i, 16))] = (byte) i;
    }
  }

  private JsonUnescape() {}

  /** The number that four digits write; negative when they are none. */
  static int hex(byte[] bytes, int at, int end) {
    if (at + 4 > end) {
      return -1;
    }
    int any = bytes[at] | bytes[at + 1] | bytes[at + 2] | bytes[at + 3];
    return any < 0
        ? -1
        : HEX[bytes[at]] << 12
            | HEX[bytes[at + 1]] << 8
            | HEX[bytes[at + 2]] << 4
            | HEX[bytes[at + 3]];
  }

  /** Unescapes [start, end) in place and gives the index after the last byte of the text. */
  static int inPlace(byte[] bytes, int start, int end) {
    int to = start;
    int at = start;
    while (at < end) {
      int run = at;
      while (at < end && bytes[at] != '\\') {
        at++;
      }
      if (to != run && at > run) {
        System.arraycopy(bytes, run, bytes, to, at - run);
      }
      to += at - run;
      if (at < end) {
        byte kind = bytes[at + 1];
        if (kind != 'u') {
          bytes[to++] = plain(kind);
          at += 2;
          continue;
        }
        int unit = hex(bytes, at + 2, end);
        at += 6;
        if (Character.isHighSurrogate((char) unit)) {
          unit = Character.toCodePoint((char) unit, (char) hex(bytes, at + 2, end));
          at += 6;
        }
        to = put(bytes, to, unit);
      }
    }
    return to;
  }

  private static byte plain(byte kind) {
    return switch (kind) {
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      default -> kind;
    };
  }

  private static int put(byte[] bytes, int at, int character) {
    int to = at;
    if (character < 0x80) {
      bytes[to++] = (byte) character;
      return to;
    }
    if (character < 0x800) {
      bytes[to++] = (byte) (0xC0 | character >> 6);
    } else {
      if (character < 0x10000) {
        bytes[to++] = (byte) (0xE0 | character >> 12);
      } else {
        bytes[to++] = (byte) (0xF0 | character >> 18);
        bytes[to++] = (byte) (0x80 | character >> 12 & 0x3F);
      }
      bytes[to++] = (byte) (0x80 | character >> 6 & 0x3F);
    }
    bytes[to++] = (byte) (0x80 | character & 0x3F);
    return to;
  }
}
