package dev.anneal.data.config;

import dev.anneal.core.config.Rule;
import java.io.Serializable;

/**
 * The page rules of C4 (Raffel et al. 2020, 2.2) as a decision on whole documents. Immutable.
 *
 * @param minSentences in the lines that C4 would keep
 * @param minWordsPerLine of such a line
 * @param maxWordLength of every word of such a line
 * @param curlyBracket drop documents that hold one; false for code
 */
public record C4FilterConfig(
    boolean enabled, int minSentences, int minWordsPerLine, int maxWordLength, boolean curlyBracket)
    implements Serializable {
  public static final C4FilterConfig OFF = new C4FilterConfig(false, 5, 3, 1000, true);

  public C4FilterConfig {
    String key = "tokenize.filters.c4.";
    Rule.notNegative(key + "min_sentences", minSentences);
    Rule.notNegative(key + "min_words_per_line", minWordsPerLine);
    Rule.positive(key + "max_word_length", maxWordLength);
  }
}
