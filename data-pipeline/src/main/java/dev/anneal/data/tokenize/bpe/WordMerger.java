package dev.anneal.data.tokenize.bpe;

import java.util.Arrays;

/**
 * Merges the bytes of a word: again and again the neighbours of the lowest rank, of equals the
 * leftmost. A short word is searched from one end to the other for each merge; a long one keeps its
 * pairs in a heap, without which a word of base64 would take the square of its length. Confined to
 * one thread.
 */
final class WordMerger {
  private static final int LONGEST_SEARCHED = 48;

  private final BpeModel model;
  private final MergeTable merges;
  private final int[] ranks = new int[LONGEST_SEARCHED];
  private final LongWordMerger longWords;
  private int[] ids = new int[LONGEST_SEARCHED];

  WordMerger(BpeModel model) {
    this.model = model;
    this.merges = model.merges();
    this.longWords = new LongWordMerger(merges);
  }

  /** Merges a word; its ids are the first of {@link #ids}. Returns their number. */
  int merge(byte[] utf8, int from, int to) {
    int length = to - from;
    if (length > ids.length) {
      ids = new int[Math.max(length, 2 * ids.length)];
    }
    for (int i = 0; i < length; i++) {
      ids[i] = model.byteId(utf8[from + i]);
    }
    if (length > LONGEST_SEARCHED) {
      return longWords.merge(ids, length);
    }
    for (int i = 0; i + 1 < length; i++) {
      ranks[i] = model.byteRank(utf8[from + i], utf8[from + i + 1]);
    }
    return mergeSearching(length);
  }

  /** Takes an id that needs no merge for the outcome of one. */
  int single(int id) {
    ids[0] = id;
    return 1;
  }

  /** What the last merge left; overwritten by the next. */
  int[] ids() {
    return ids;
  }

  /** Gives back the memory that an exceptionally long word took. */
  void trim(int largest) {
    if (ids.length > largest) {
      ids = Arrays.copyOf(ids, LONGEST_SEARCHED);
      longWords.trim();
    }
  }

  private int mergeSearching(int length) {
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
}
