package dev.anneal.data.config;

import dev.anneal.core.config.Rule;
import java.io.Serializable;

/**
 * Bounds on the size of a document; 0 sets none. Immutable.
 *
 * @param minWords words as the filters count them: a character of a script without spaces is one
 * @param minTokens ids of the text alone, checked once it is tokenized
 */
public record LengthFilterConfig(
    int minChars, int maxChars, int minWords, int maxWords, int minTokens, int maxTokens)
    implements Serializable {
  public static final LengthFilterConfig OFF = new LengthFilterConfig(0, 0, 0, 0, 0, 0);

  public LengthFilterConfig {
    range("chars", minChars, maxChars);
    range("words", minWords, maxWords);
    range("tokens", minTokens, maxTokens);
  }

  private static void range(String unit, int min, int max) {
    String key = "tokenize.filters.length.";
    Rule.notNegative(key + "min_" + unit, min);
    Rule.notNegative(key + "max_" + unit, max);
    Rule.check(max == 0 || max >= min, key + "max_" + unit, max, "must be 0, or >= min_" + unit);
  }
}
