package dev.anneal.data.read;

import dev.anneal.data.text.EightBytes;

/**
 * Well-formed UTF-8 as Unicode's table 3-7 has it: shortest forms only, no surrogates, nothing
 * above U+10FFFF. Stateless.
 */
public final class WellFormedUtf8 {
  private WellFormedUtf8() {}

  /**
   * Whether the bytes are text: well-formed, and without the zero bytes that only binaries hold.
   */
  public static boolean isText(byte[] bytes, int start, int end) {
    int i = start;
    while (i < end) {
      if (i + Long.BYTES <= end) {
        long word = EightBytes.at(bytes, i);
        if (EightBytes.notAscii(word) == 0 && EightBytes.zeroBytes(word) == 0) {
          i += Long.BYTES;
          continue;
        }
      }
      if (bytes[i] > 0) {
        i++;
        continue;
      }
      int length = bytes[i] == 0 ? 0 : sequenceLength(bytes, i, end);
      if (length == 0) {
        return false;
      }
      i += length;
    }
    return true;
  }

  /** Bytes of the character of several bytes that begins here; 0 when it is malformed. */
  static int sequenceLength(byte[] bytes, int at, int end) {
    int lead = bytes[at] & 0xFF;
    if (lead < 0xC2 || lead > 0xF4) {
      return 0;
    }
    int length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (at + length > end) {
      return 0;
    }
    int second = bytes[at + 1] & 0xFF;
    boolean sound =
        switch (lead) {
          case 0xE0 -> second >= 0xA0 && second <= 0xBF;
          case 0xED -> second >= 0x80 && second <= 0x9F;
          case 0xF0 -> second >= 0x90 && second <= 0xBF;
          case 0xF4 -> second >= 0x80 && second <= 0x8F;
          default -> second >= 0x80 && second <= 0xBF;
        };
    for (int i = at + 2; i < at + length; i++) {
      sound &= (bytes[i] & 0xC0) == 0x80;
    }
    return sound ? length : 0;
  }
}
