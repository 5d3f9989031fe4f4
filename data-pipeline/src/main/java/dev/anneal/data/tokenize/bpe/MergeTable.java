package dev.anneal.data.tokenize.bpe;

import dev.anneal.data.tokenize.TokenizerJson;
import dev.anneal.data.tokenize.UnsupportedTokenizerException;
import java.util.Arrays;
import java.util.Map;

/**
 * The merges of a model: for a pair of neighbouring ids its rank, for a rank the id that replaces
 * the pair. Open addressing, one long a slot: both ids, then the rank. Immutable after the build.
 */
public final class MergeTable {
  /** The rank of a pair that does not merge. */
  static final int NONE = Integer.MAX_VALUE;

  /** More ids than any slot can hold. */
  public static final int MAX_IDS = 1 << 20;

  private static final int SMALL_ID_BITS = 18;
  private static final int LARGE_ID_BITS = 20;
  private static final int SLOT_BITS = Long.SIZE - 1; // an empty slot is negative
  private static final long EMPTY = -1;
  private static final long GOLDEN = 0x9E3779B97F4A7C15L;

  private final long[] slots;
  private final int hashShift;
  private final int idBits;
  private final int rankBits;
  private final long rankMask;
  private final int[] merged;

  /**
   * The merges of a file, whose tokens must all be in its vocabulary.
   *
   * @param ids one more than the largest id
   */
  public static MergeTable of(TokenizerJson file, int ids) throws UnsupportedTokenizerException {
    Map<String, Integer> vocabulary = file.vocabulary();
    int count = file.mergeCount();
    int[] lefts = new int[count];
    int[] rights = new int[count];
    int[] merged = new int[count];
    for (int rank = 0; rank < count; rank++) {
      String left = file.mergeLeft(rank);
      String right = file.mergeRight(rank);
      lefts[rank] = vocabulary.getOrDefault(left, -1);
      rights[rank] = vocabulary.getOrDefault(right, -1);
      merged[rank] = vocabulary.getOrDefault(left + right, -1);
      UnsupportedTokenizerException.when(
          lefts[rank] < 0 || rights[rank] < 0 || merged[rank] < 0,
          "merge " + rank + " names a token outside the vocabulary");
    }
    return new MergeTable(lefts, rights, merged, ids);
  }

  /**
   * @param lefts left id by rank
   * @param rights right id by rank
   * @param merged replacing id by rank
   * @param ids one more than the largest id
   */
  public MergeTable(int[] lefts, int[] rights, int[] merged, int ids) {
    idBits = ids <= 1 << SMALL_ID_BITS ? SMALL_ID_BITS : LARGE_ID_BITS;
    rankBits = SLOT_BITS - 2 * idBits;
    rankMask = (1L << rankBits) - 1;
    if (ids > MAX_IDS || merged.length > rankMask) {
      throw new IllegalArgumentException(
          "Invalid merges: " + merged.length + " of " + ids + " ids (must fit 20 and 23 bits)");
    }
    this.merged = merged;
    int bits = Math.max(4, Integer.SIZE - Integer.numberOfLeadingZeros(merged.length * 2));
    hashShift = Long.SIZE - bits;
    slots = new long[1 << bits];
    Arrays.fill(slots, EMPTY);
    for (int rank = 0; rank < merged.length; rank++) {
      put(lefts[rank], rights[rank], rank);
    }
  }

  /** The rank of a pair, or {@link #NONE}. */
  public int rank(int left, int right) {
    long pair = pair(left, right);
    int at = (int) (pair * GOLDEN >>> hashShift);
    long slot = slots[at];
    while (slot >>> rankBits != pair) {
      if (slot < 0) {
        return NONE;
      }
      at = at + 1 & slots.length - 1;
      slot = slots[at];
    }
    return (int) (slot & rankMask);
  }

  /** The id that replaces the pair of a rank. */
  int merged(int rank) {
    return merged[rank];
  }

  int size() {
    return merged.length;
  }

  /** Of a pair listed twice the later rank holds, as in the library's map. */
  private void put(int left, int right, int rank) {
    long pair = pair(left, right);
    int at = (int) (pair * GOLDEN >>> hashShift);
    while (slots[at] >= 0 && slots[at] >>> rankBits != pair) {
      at = at + 1 & slots.length - 1;
    }
    slots[at] = pair << rankBits | rank;
  }

  private long pair(int left, int right) {
    return (long) left << idBits | right;
  }
}
