package dev.anneal.data.tokenize.bpe;

import java.io.IOException;

/**
 * Turns a text without added tokens, already normalized, into ids: word by word, from the cache,
 * the vocabulary or by merging. Confined to one thread.
 */
final class WordEncoder {
  /** A longer word's buffers are not kept. */
  private static final int KEPT_WORD = 1 << 20;

  /** In the second key of a piece of a word: a whole word may be another token. */
  private static final long PIECE = 1L << 63;

  private final Splitter splitter;
  private final BpeModel model;
  private final WordTable words;
  private final TokenSeams seams;
  private final WordMerger merger;
  private final WordCache cache = new WordCache();

  WordEncoder(Splitter splitter, BpeModel model) {
    this.splitter = splitter;
    this.model = model;
    this.words = model.words();
    this.seams = model.seams();
    this.merger = new WordMerger(model);
  }

  void encode(byte[] utf8, int from, int end, IdOutput out) throws IOException {
    int at = from;
    while (at < end) {
      int next = splitter.wordEnd(utf8, at, end);
      if (next - at == 1) {
        out.add(model.byteId(utf8[at]));
      } else if (next - at <= WordKeys.MAX_LENGTH) {
        shortWord(utf8, at, next, out);
      } else {
        pieces(utf8, at, next, out);
      }
      at = next;
    }
  }

  private void shortWord(byte[] utf8, int from, int to, IdOutput out) throws IOException {
    long first = WordKeys.first(utf8, from, to);
    long second = WordKeys.second(utf8, from, to);
    int found = cache.find(first, second);
    if (found >= 0) {
      cached(found, out);
    } else if (utf8[to - 1] >= 0) {
      wholeWord(utf8, from, to, out);
    } else {
      pieces(utf8, from, to, out);
    }
  }

  /** Encodes a word that is not in the cache, piece by piece where it can be cut. */
  private void pieces(byte[] utf8, int from, int to, IdOutput out) throws IOException {
    int start = from;
    int at = from + Utf8.length(utf8[from]);
    int left = Utf8.codePoint(utf8, from);
    while (at < to) {
      int right = Utf8.codePoint(utf8, at);
      if (!seams.crossed(utf8, at, left, right)) {
        piece(utf8, start, at, out);
        start = at;
      }
      left = right;
      at += Utf8.length(utf8[at]);
    }
    if (start > from) {
      piece(utf8, start, to, out);
    } else {
      wholeWord(utf8, from, to, out);
    }
  }

  private void wholeWord(byte[] utf8, int from, int to, IdOutput out) throws IOException {
    if (to - from > WordKeys.MAX_LENGTH) {
      int whole = words.longWord(utf8, from, to);
      if (whole >= 0) {
        out.add(whole);
      } else {
        merge(utf8, from, to, out);
      }
      return;
    }
    long first = WordKeys.first(utf8, from, to);
    long second = WordKeys.second(utf8, from, to);
    int whole = words.shortWord(first, second);
    int count = whole < 0 ? merger.merge(utf8, from, to) : merger.single(whole);
    remember(first, second, count, out);
  }

  private void piece(byte[] utf8, int from, int to, IdOutput out) throws IOException {
    if (to - from > WordKeys.MAX_LENGTH) {
      merge(utf8, from, to, out);
      return;
    }
    long first = WordKeys.first(utf8, from, to);
    long second = WordKeys.second(utf8, from, to);
    int found = cache.find(first, second | PIECE);
    if (found >= 0) {
      cached(found, out);
      return;
    }
    int whole = words.shortPiece(first, second);
    int count = whole < 0 ? merger.merge(utf8, from, to) : merger.single(whole);
    remember(first, second | PIECE, count, out);
  }

  private void cached(int found, IdOutput out) throws IOException {
    if (cache.count(found) == 1) {
      out.add(cache.firstId(found));
    } else {
      out.add(cache, found);
    }
  }

  /** Puts what was merged last into the output, and into the cache for the next time. */
  private void remember(long first, long second, int count, IdOutput out) throws IOException {
    if (count <= WordCache.MAX_IDS) {
      cache.put(first, second, merger.ids(), 0, count);
    }
    out.add(merger.ids(), count);
  }

  private void merge(byte[] utf8, int from, int to, IdOutput out) throws IOException {
    int count = merger.merge(utf8, from, to);
    out.add(merger.ids(), count);
    merger.trim(KEPT_WORD);
  }
}
