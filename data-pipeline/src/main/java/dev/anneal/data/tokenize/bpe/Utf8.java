package dev.anneal.data.tokenize.bpe;

import dev.anneal.data.text.EightBytes;

/** Reading well-formed UTF-8 from arrays, a character or eight bytes at a time. Stateless. */
public final class Utf8 {
  private static final long LOWER_CASE = 0x2020202020202020L;
  private static final long FROM_A = 0x1F1F1F1F1F1F1F1FL; // carries into the high bit from 'a' on
  private static final long AFTER_Z = 0x0505050505050505L; // carries from the byte after 'z' on

  private Utf8() {}

  /** Up to eight bytes, the first one lowest, zeros after the end. */
  static long longAt(byte[] bytes, int at, int end) {
    long value = 0;
    for (int i = Math.min(end - at, Long.BYTES) - 1; i >= 0; i--) {
      value = value << Byte.SIZE | bytes[at + i] & 0xFF;
    }
    return value;
  }

  /** The high bit of each byte that is no ASCII letter. */
  public static long notAsciiLetters(long bytes) {
    long folded = (bytes | LOWER_CASE) & ~EightBytes.HIGH_BITS;
    return (bytes | ~(folded + FROM_A) | (folded + AFTER_Z)) & EightBytes.HIGH_BITS;
  }

  /** The code point that starts here. */
  public static int codePoint(byte[] bytes, int at) {
    int lead = bytes[at];
    if (lead >= 0) {
      return lead;
    }
    if (lead < (byte) 0xE0) {
      return (lead & 0x1F) << 6 | bytes[at + 1] & 0x3F;
    }
    if (lead < (byte) 0xF0) {
      return (lead & 0x0F) << 12 | (bytes[at + 1] & 0x3F) << 6 | bytes[at + 2] & 0x3F;
    }
    return (lead & 0x07) << 18
        | (bytes[at + 1] & 0x3F) << 12
        | (bytes[at + 2] & 0x3F) << 6
        | bytes[at + 3] & 0x3F;
  }

  /** How many bytes the character has that starts with this byte. */
  public static int length(byte lead) {
    if (lead >= 0) {
      return 1;
    }
    return lead < (byte) 0xE0 ? 2 : lead < (byte) 0xF0 ? 3 : 4;
  }

  /** Start of the character that ends before {@code at}. */
  static int before(byte[] bytes, int at) {
    int start = at - 1;
    while ((bytes[start] & 0xC0) == 0x80) {
      start--;
    }
    return start;
  }

  /** Writes a code point; returns the index after it. */
  static int write(int codePoint, byte[] bytes, int at) {
    if (codePoint < 0x80) {
      bytes[at] = (byte) codePoint;
      return at + 1;
    }
    int length = codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
    int rest = codePoint;
    for (int i = length - 1; i > 0; i--) {
      bytes[at + i] = (byte) (0x80 | rest & 0x3F);
      rest >>>= 6;
    }
    bytes[at] = (byte) (0xF00 >> length | rest);
    return at + length;
  }
}
