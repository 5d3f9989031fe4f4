package dev.anneal.data.config;

import dev.anneal.core.config.Rule;
import java.io.Serializable;
import java.util.List;

/**
 * The quality rules of Gopher (Rae et al. 2021, A.1.1), with datatrove's names. Immutable.
 *
 * @param minAvgWordLength of the words of scripts with spaces; as the maximum
 * @param maxSymbolWordRatio of '#' and of ellipses, each to the number of words
 * @param minAlphaWordsRatio share of words that hold a letter
 * @param minStopWords how many different ones of {@code stopWords} must occur
 */
public record GopherQualityConfig(
    boolean enabled,
    int minDocWords,
    int maxDocWords,
    double minAvgWordLength,
    double maxAvgWordLength,
    double maxSymbolWordRatio,
    double maxBulletLinesRatio,
    double maxEllipsisLinesRatio,
    double minAlphaWordsRatio,
    int minStopWords,
    List<String> stopWords)
    implements Serializable {
  /** English as in the paper, and function characters of Chinese, simplified and traditional. */
  private static final List<String> STOP_WORDS =
      List.of(
          "the", "be", "to", "of", "and", "that", "have", "with", "的", "了", "是", "在", "和", "有", "不",
          "我", "也", "都", "这", "這", "为", "為", "与", "與");

  public static final GopherQualityConfig OFF =
      new GopherQualityConfig(false, 50, 100_000, 3, 10, 0.1, 0.9, 0.3, 0.8, 2, STOP_WORDS);

  public GopherQualityConfig {
    stopWords = List.copyOf(stopWords);
    String key = "tokenize.filters.gopher_quality.";
    Rule.notNegative(key + "min_doc_words", minDocWords);
    Rule.check(
        maxDocWords >= minDocWords, key + "max_doc_words", maxDocWords, "must be >= min_doc_words");
    Rule.notNegative(key + "min_avg_word_length", minAvgWordLength);
    Rule.check(
        maxAvgWordLength >= minAvgWordLength,
        key + "max_avg_word_length",
        maxAvgWordLength,
        "must be >= min_avg_word_length");
    Rule.notNegative(key + "max_symbol_word_ratio", maxSymbolWordRatio);
    Rule.between(key + "max_bullet_lines_ratio", maxBulletLinesRatio, 0, 1);
    Rule.between(key + "max_ellipsis_lines_ratio", maxEllipsisLinesRatio, 0, 1);
    Rule.between(key + "min_alpha_words_ratio", minAlphaWordsRatio, 0, 1);
    Rule.check(
        minStopWords >= 0 && minStopWords <= stopWords.size(),
        key + "min_stop_words",
        minStopWords,
        "must be in [0, number of stop_words]");
  }
}
