package dev.anneal.data.tokenize.bpe;

/**
 * Merges ids in a row: again and again the neighbours of the lowest rank, of equals the leftmost. A
 * short row is searched from one end to the other for each merge; a long one keeps its pairs in a
 * heap, without which a word of base64 would take the square of its length. Confined to one thread.
 */
public final class IdMerger {
  /** The longest row that is searched. */
  public static final int LONGEST_SEARCHED = 48;

  private final MergeTable merges;
  private final LongWordMerger longWords;
  private final int[] ranks = new int[LONGEST_SEARCHED];

  public IdMerger(MergeTable merges) {
    this.merges = merges;
    this.longWords = new LongWordMerger(merges);
  }

  /** Merges the first ids of the array in place; returns how many are left. */
  public int merge(int[] ids, int length) {
    if (length > LONGEST_SEARCHED) {
      return longWords.merge(ids, length);
    }
    for (int i = 0; i + 1 < length; i++) {
      ranks[i] = merges.rank(ids[i], ids[i + 1]);
    }
    return merge(ids, ranks, length);
  }

  /**
   * The same for up to {@link #LONGEST_SEARCHED} ids whose ranks are known.
   *
   * @param ranks of each id with its right neighbour; overwritten
   */
  public int merge(int[] ids, int[] ranks, int length) {
    int count = length;
    while (count > 1) {
      int at = 0;
      int best = ranks[0];
      for (int i = 1; i < count - 1; i++) {
        if (ranks[i] < best) {
          best = ranks[i];
          at = i;
        }
      }
      if (best == MergeTable.NONE) {
        break;
      }
      ids[at] = merges.merged(best);
      count--;
      for (int i = at + 1; i < count; i++) {
        ids[i] = ids[i + 1];
        ranks[i - 1] = ranks[i];
      }
      if (at > 0) {
        ranks[at - 1] = merges.rank(ids[at - 1], ids[at]);
      }
      if (at + 1 < count) {
        ranks[at] = merges.rank(ids[at], ids[at + 1]);
      }
    }
    return count;
  }

  /** Gives back the memory that an exceptionally long row took. */
  public void trim() {
    longWords.trim();
  }
}
