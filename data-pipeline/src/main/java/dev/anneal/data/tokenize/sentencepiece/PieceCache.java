package dev.anneal.data.tokenize.sentencepiece;

import dev.anneal.data.tokenize.bpe.IdOutput;
import java.io.IOException;

/**
 * The ids of very short pieces seen lately: up to 7 bytes and 3 ids, exact and without objects. An
 * entry is two longs: the piece's bytes with their number on top; three ids of 20 bits with theirs.
 * Each piece has two places; the older one makes room. Confined to one thread.
 */
final class PieceCache {
  static final int MAX_LENGTH = Long.BYTES - 1;

  private static final int MAX_IDS = 3;
  private static final int ID_BITS = 20;
  private static final int ID_MASK = (1 << ID_BITS) - 1;
  private static final int COUNT_SHIFT = MAX_IDS * ID_BITS;
  private static final int BUCKET_BITS = 14;
  private static final int BUCKET = 4;
  private static final long GOLDEN = 0x9E3779B97F4A7C15L;

  private final long[] entries = new long[BUCKET << BUCKET_BITS];

  /** The key of the first bytes of a long, lowest first. */
  static long key(long bytes, int length) {
    return bytes & (1L << length * Byte.SIZE) - 1 | (long) length << MAX_LENGTH * Byte.SIZE;
  }

  /** Writes the ids of a piece, if it is here. */
  boolean write(long key, IdOutput out) throws IOException {
    int at = bucket(key);
    if (entries[at] != key) {
      at += 2;
      if (entries[at] != key) {
        return false;
      }
    }
    long ids = entries[at + 1];
    out.add((int) ids & ID_MASK);
    for (int left = (int) (ids >>> COUNT_SHIFT); left > 1; left--) {
      ids >>>= ID_BITS;
      out.add((int) ids & ID_MASK);
    }
    return true;
  }

  /** Remembers a piece, unless it has too many ids. */
  void put(long key, int[] ids, int count) {
    if (count > MAX_IDS) {
      return;
    }
    long packed = count;
    for (int i = MAX_IDS - 1; i >= 0; i--) {
      packed = packed << ID_BITS | (i < count ? ids[i] : 0);
    }
    int at = bucket(key);
    entries[at + 2] = entries[at];
    entries[at + 3] = entries[at + 1];
    entries[at] = key;
    entries[at + 1] = packed;
  }

  private static int bucket(long key) {
    return (int) ((key ^ key >>> Integer.SIZE) * GOLDEN >>> Long.SIZE - BUCKET_BITS) * BUCKET;
  }
}
