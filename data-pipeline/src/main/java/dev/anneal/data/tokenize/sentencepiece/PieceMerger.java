package dev.anneal.data.tokenize.sentencepiece;

import dev.anneal.data.tokenize.bpe.IdMerger;
import dev.anneal.data.tokenize.bpe.Utf8;
import java.util.Arrays;

/**
 * Merges the characters of a piece. Those beyond ASCII are tokens, for nothing joins to others; an
 * ASCII letter may be none and is its byte then. Confined to one thread.
 */
final class PieceMerger {
  private static final int INITIAL = 64;

  private final PieceModel model;
  private final IdMerger merger;
  private final int[] ranks = new int[IdMerger.LONGEST_SEARCHED];
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
    return isAscii(utf8, from, to) ? mergeAscii(utf8, from, to) : mergeAny(utf8, from, to);
  }

  private static boolean isAscii(byte[] utf8, int from, int to) {
    int bits = 0;
    for (int at = from; at < to; at++) {
      bits |= utf8[at];
    }
    return bits >= 0;
  }

  private int mergeAscii(byte[] utf8, int from, int to) {
    int count = to - from;
    for (int i = 0; i < count; i++) {
      ids[i] = model.asciiId(utf8[from + i]);
    }
    if (count > IdMerger.LONGEST_SEARCHED) {
      return merger.merge(ids, count);
    }
    for (int i = 0; i + 1 < count; i++) {
      ranks[i] = model.asciiRank(utf8[from + i], utf8[from + i + 1]);
    }
    return merger.merge(ids, ranks, count);
  }

  private int mergeAny(byte[] utf8, int from, int to) {
    Characters characters = model.characters();
    int count = 0;
    for (int at = from; at < to; at += Utf8.length(utf8[at])) {
      ids[count++] =
          utf8[at] >= 0
              ? model.asciiId(utf8[at])
              : Characters.id(characters.entry(Utf8.codePoint(utf8, at)));
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
