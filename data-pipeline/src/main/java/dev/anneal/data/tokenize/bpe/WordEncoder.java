package dev.anneal.data.tokenize.bpe;

import java.io.IOException;

/**
 * Turns a text without added tokens, already normalized, into ids: word by word, from the cache,
 * the vocabulary or by merging. Confined to one thread.
 */
final class WordEncoder {
  /** A longer word's buffers are not kept. */
  private static final int KEPT_WORD = 1 << 20;

  private final Splitter splitter;
  private final WordTable words;
  private final WordMerger merger;
  private final WordCache cache = new WordCache();

  WordEncoder(Splitter splitter, BpeModel model) {
    this.splitter = splitter;
    this.words = model.words();
    this.merger = new WordMerger(model);
  }

  void encode(byte[] utf8, int from, int end, IdOutput out) throws IOException {
    int at = from;
    while (at < end) {
      int next = splitter.wordEnd(utf8, at, end);
      if (next - at <= WordKeys.MAX_LENGTH) {
        shortWord(utf8, at, next, out);
      } else {
        longWord(utf8, at, next, out);
      }
      at = next;
    }
  }

  private void shortWord(byte[] utf8, int from, int to, IdOutput out) throws IOException {
    long first = WordKeys.first(utf8, from, to);
    long second = WordKeys.second(utf8, from, to);
    int found = cache.find(first, second);
    if (found < 0) {
      newShortWord(utf8, from, to, out);
    } else if (cache.count(found) == 1) {
      out.add(cache.firstId(found));
    } else {
      out.add(cache, found);
    }
  }

  private void newShortWord(byte[] utf8, int from, int to, IdOutput out) throws IOException {
    long first = WordKeys.first(utf8, from, to);
    long second = WordKeys.second(utf8, from, to);
    int[] ids = merger.ids();
    int count = 1;
    int whole = words.shortWord(first, second);
    if (whole >= 0) {
      ids[0] = whole;
    } else {
      count = merger.merge(utf8, from, to);
    }
    if (count <= WordCache.MAX_IDS) {
      cache.put(first, second, ids, 0, count);
    }
    out.add(ids, count);
  }

  private void longWord(byte[] utf8, int from, int to, IdOutput out) throws IOException {
    int whole = words.longWord(utf8, from, to);
    if (whole >= 0) {
      out.add(whole);
      return;
    }
    int count = merger.merge(utf8, from, to);
    out.add(merger.ids(), count);
    merger.trim(KEPT_WORD);
  }
}
