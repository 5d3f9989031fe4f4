package dev.anneal.data.tokenize.bpe;

import dev.anneal.data.text.EightBytes;

/**
 * Exact keys of short words without an object: a word of up to 15 bytes is two longs, its length in
 * the highest byte of the second. Stateless.
 */
public final class WordKeys {
  public static final int MAX_LENGTH = 15;

  private static final long[] FIRST_MASKS = masks(0);
  private static final long[] SECOND_MASKS = masks(Long.BYTES);
  private static final long MULTIPLIER = 0x9E3779B97F4A7C15L;
  private static final long SECOND_MULTIPLIER = 0xC2B2AE3D27D4EB4FL;

  private WordKeys() {}

  /** Whether an array has the 16 bytes from here on that keys are read from in two steps. */
  static boolean roomAt(byte[] utf8, int from) {
    return from + 2 * Long.BYTES <= utf8.length;
  }

  /** Bytes 0 to 7. */
  public static long first(byte[] utf8, int from, int to) {
    return roomAt(utf8, from)
        ? EightBytes.at(utf8, from) & FIRST_MASKS[to - from]
        : Utf8.longAt(utf8, from, to);
  }

  /** Bytes 8 to 14, and the length. */
  public static long second(byte[] utf8, int from, int to) {
    long tag = (long) (to - from) << 7 * Byte.SIZE;
    return roomAt(utf8, from)
        ? tag | EightBytes.at(utf8, from + Long.BYTES) & SECOND_MASKS[to - from]
        : tag | Utf8.longAt(utf8, from + Long.BYTES, to);
  }

  /** Well-mixed in its high bits, for a table that is searched on from there. */
  static long hash(long first, long second) {
    long mixed = (first ^ second * MULTIPLIER) * MULTIPLIER;
    return (mixed ^ mixed >>> Integer.SIZE) * MULTIPLIER;
  }

  /** Well enough mixed for a bucket, and at hand earlier. */
  static long quickHash(long first, long second) {
    return first * MULTIPLIER + second * SECOND_MULTIPLIER;
  }

  private static long[] masks(int skipped) {
    long[] masks = new long[MAX_LENGTH + 1];
    for (int length = 0; length <= MAX_LENGTH; length++) {
      int bytes = Math.max(0, Math.min(Long.BYTES, length - skipped));
      masks[length] = bytes == Long.BYTES ? -1L : (1L << bytes * Byte.SIZE) - 1;
    }
    return masks;
  }
}
