package dev.anneal.data.text;

import java.text.Normalizer;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Runs of n words as 64-bit hashes. The hash is part of what a run reproduces: it depends on the
 * words alone. Stateless.
 */
public final class NGrams {
  private static final long FNV_OFFSET = 0xcbf29ce484222325L;
  private static final long FNV_PRIME = 0x100000001b3L;
  private static final long STEP = 0x9E3779B97F4A7C15L;

  private NGrams() {}

  /**
   * Words for comparing documents: form NFC, lower case, letters, marks and digits alone, cut as
   * {@link Words} cuts.
   */
  public static List<String> plainWords(String text) {
    String composed =
        Normalizer.isNormalized(text, Normalizer.Form.NFC)
            ? text
            : Normalizer.normalize(text, Normalizer.Form.NFC);
    String lower = composed.toLowerCase(Locale.ROOT);
    StringBuilder plain = new StringBuilder(lower.length());
    int at = 0;
    while (at < lower.length()) {
      int codePoint = lower.codePointAt(at);
      at += Character.charCount(codePoint);
      boolean kept = Character.isLetterOrDigit(codePoint) || Words.isMark(codePoint);
      plain.appendCodePoint(kept ? codePoint : ' ');
    }
    return Words.of(plain.toString());
  }

  /** Hash of each run of n words in order; none for fewer words. */
  public static long[] hashes(List<String> words, int n) {
    long[] single = new long[words.size()];
    for (int i = 0; i < single.length; i++) {
      single[i] = hash(words.get(i));
    }
    long[] hashes = new long[Math.max(0, single.length - n + 1)];
    for (int i = 0; i < hashes.length; i++) {
      hashes[i] = combined(single, i, n);
    }
    return hashes;
  }

  /**
   * The set of n-grams of a text, sorted. A text of fewer words, but any, has one: all its words.
   */
  public static long[] set(String text, int n) {
    List<String> words = plainWords(text);
    long[] sorted = hashes(words, Math.max(1, Math.min(n, words.size())));
    Arrays.sort(sorted);
    int count = 0;
    for (int i = 0; i < sorted.length; i++) {
      if (i == 0 || sorted[i] != sorted[i - 1]) {
        sorted[count++] = sorted[i];
      }
    }
    return Arrays.copyOf(sorted, count);
  }

  private static long combined(long[] words, int from, int n) {
    long hash = n;
    for (int i = from; i < from + n; i++) {
      hash = Long.rotateLeft((hash ^ words[i]) * STEP, 29);
    }
    return mixed(hash);
  }

  private static long hash(String word) {
    long hash = FNV_OFFSET;
    for (int i = 0; i < word.length(); i++) {
      hash = (hash ^ word.charAt(i)) * FNV_PRIME;
    }
    return mixed(hash);
  }

  /** A bijection that spreads every bit over all others (the finaliser of splitmix64). */
  public static long mixed(long value) {
    long z = (value ^ (value >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
