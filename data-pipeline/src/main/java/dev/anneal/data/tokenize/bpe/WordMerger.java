package dev.anneal.data.tokenize.bpe;

import java.util.Arrays;

/** Merges the bytes of a word. Confined to one thread. */
final class WordMerger {
  private final BpeModel model;
  private final IdMerger merger;
  private final int[] ranks = new int[IdMerger.LONGEST_SEARCHED];
  private int[] ids = new int[IdMerger.LONGEST_SEARCHED];

  WordMerger(BpeModel model) {
    this.model = model;
    this.merger = new IdMerger(model.merges());
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
    if (length > IdMerger.LONGEST_SEARCHED) {
      return merger.merge(ids, length);
    }
    for (int i = 0; i + 1 < length; i++) {
      ranks[i] = model.byteRank(utf8[from + i], utf8[from + i + 1]);
    }
    return merger.merge(ids, ranks, length);
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
      ids = Arrays.copyOf(ids, IdMerger.LONGEST_SEARCHED);
      merger.trim();
    }
  }
}
