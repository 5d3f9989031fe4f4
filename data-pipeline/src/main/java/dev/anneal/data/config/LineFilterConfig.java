package dev.anneal.data.config;

import dev.anneal.core.config.Rule;
import java.io.Serializable;

/**
 * FineWeb's rules on lines, with datatrove's defaults. Immutable.
 *
 * @param minTerminalRatio least share of lines that end in terminal punctuation
 * @param shortLineLength characters up to which a line is short
 * @param maxShortRatio most share of short lines
 * @param maxDuplicateCharRatio most share of characters in lines that stood before
 * @param maxNewlineWordRatio most newlines for each word
 */
public record LineFilterConfig(
    boolean enabled,
    double minTerminalRatio,
    int shortLineLength,
    double maxShortRatio,
    double maxDuplicateCharRatio,
    double maxNewlineWordRatio)
    implements Serializable {
  public static final LineFilterConfig OFF = new LineFilterConfig(false, 0.12, 30, 0.67, 0.01, 0.3);

  public LineFilterConfig {
    String key = "tokenize.filters.lines.";
    Rule.between(key + "min_terminal_ratio", minTerminalRatio, 0, 1);
    Rule.notNegative(key + "short_line_length", shortLineLength);
    Rule.between(key + "max_short_ratio", maxShortRatio, 0, 1);
    Rule.between(key + "max_duplicate_char_ratio", maxDuplicateCharRatio, 0, 1);
    Rule.notNegative(key + "max_newline_word_ratio", maxNewlineWordRatio);
  }
}
