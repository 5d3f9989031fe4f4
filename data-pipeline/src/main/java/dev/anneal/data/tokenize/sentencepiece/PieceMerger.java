package dev.anneal.data.tokenize.sentencepiece;

import dev.anneal.data.tokenize.bpe.IdMerger;
import dev.anneal.data.tokenize.bpe.Utf8;
import java.util.Arrays;

/** Merges the characters of a piece, all of them tokens. Confined to one thread. */
final class PieceMerger {
  private static final int INITIAL = 64;

  private final PieceModel model;
  private final IdMerger merger;
  private int[] ids = new int[INITIAL];

  PieceMerger(PieceModel model) {
    this.model = model;
    this.merger = new IdMerger(model.merges());
  }

  /** Merges a piece; its ids are the first of {@link #ids}. Returns their number. */
  int merge(byte[] utf8, int from, int to) {
    if (to - from > ids.length) {
      ids = new int[Math.max(to - from, 2 * ids.length)];
    }
    Characters characters = model.characters();
    int count = 0;
    for (int at = from; at < to; at += Utf8.length(utf8[at])) {
      ids[count++] = Characters.id(characters.entry(Utf8.codePoint(utf8, at)));
    }
    return merger.merge(ids, count);
  }

  /** What the last merge left; overwritten by the next. */
  int[] ids() {
    return ids;
  }

  /** Gives back the memory that an exceptionally long piece took. */
  void trim(int largest) {
    if (ids.length > largest) {
      ids = Arrays.copyOf(ids, INITIAL);
      merger.trim();
    }
  }
}
