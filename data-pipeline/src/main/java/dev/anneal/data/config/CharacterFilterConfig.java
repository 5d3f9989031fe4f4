package dev.anneal.data.config;

import dev.anneal.core.config.Rule;
import java.io.Serializable;

/**
 * Bounds on which characters and how long lines a document has. Immutable.
 *
 * @param minAlnumRatio least share of letters and digits among the characters that are no white
 *     space; 0 sets none
 * @param maxSymbolRatio most share of them that are neither letter, mark nor digit; 1 sets none
 * @param maxLineLength most characters of the longest line; 0 sets none
 * @param maxMeanLineLength most characters of a line on average; 0 sets none
 */
public record CharacterFilterConfig(
    double minAlnumRatio, double maxSymbolRatio, int maxLineLength, int maxMeanLineLength)
    implements Serializable {
  public static final CharacterFilterConfig OFF = new CharacterFilterConfig(0, 1, 0, 0);

  public CharacterFilterConfig {
    String key = "tokenize.filters.characters.";
    Rule.between(key + "min_alnum_ratio", minAlnumRatio, 0, 1);
    Rule.between(key + "max_symbol_ratio", maxSymbolRatio, 0, 1);
    Rule.notNegative(key + "max_line_length", maxLineLength);
    Rule.notNegative(key + "max_mean_line_length", maxMeanLineLength);
  }
}
