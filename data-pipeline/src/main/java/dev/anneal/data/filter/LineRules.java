package dev.anneal.data.filter;

import dev.anneal.data.config.LineFilterConfig;
import dev.anneal.data.text.TextView;
import java.util.List;
import java.util.Optional;

/**
 * FineWeb's rules on lines (Penedo et al. 2024): share of lines that end in terminal punctuation,
 * of short lines, of characters in repeated lines, and newlines for each word. Empty lines do not
 * count, except for the newlines. Terminal marks are those of Western, Arabic, Indic and East Asian
 * writing, closing quotes included.
 */
record LineRules(LineFilterConfig config) implements DocumentFilter {
  private static final String TERMINAL = ".!?\"'”’…。．！？；」』）؟۔।॥።";

  @Override
  public Optional<String> reject(TextView text) {
    List<String> lines = text.lines();
    if (lines.isEmpty()) {
      return Optional.of("lines.empty");
    }
    long terminal = lines.stream().filter(LineRules::isTerminated).count();
    if (terminal < config.minTerminalRatio() * lines.size()) {
      return Optional.of("lines.min_terminal_ratio");
    }
    long narrow =
        lines.stream().filter(line -> TextView.length(line) <= config.shortLineLength()).count();
    if (narrow > config.maxShortRatio() * lines.size()) {
      return Optional.of("lines.max_short_ratio");
    }
    long newlines = text.text().chars().filter(unit -> unit == '\n').count();
    long characters = text.length() - newlines;
    if (Repeated.of(lines).characters() > config.maxDuplicateCharRatio() * characters) {
      return Optional.of("lines.max_duplicate_char_ratio");
    }
    return newlines > config.maxNewlineWordRatio() * text.words().size()
        ? Optional.of("lines.max_newline_word_ratio")
        : Optional.empty();
  }

  private static boolean isTerminated(String line) {
    String end = line.stripTrailing();
    return TERMINAL.indexOf(end.charAt(end.length() - 1)) >= 0;
  }
}
