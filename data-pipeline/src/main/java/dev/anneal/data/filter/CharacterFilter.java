package dev.anneal.data.filter;

import dev.anneal.data.config.CharacterFilterConfig;
import dev.anneal.data.text.TextView;
import java.util.List;
import java.util.Optional;

/**
 * Shares of the characters that are no white space, and lengths of lines, as code corpora are
 * filtered by. Combining marks count as part of letters. Empty lines do not count.
 */
record CharacterFilter(CharacterFilterConfig config) implements DocumentFilter {

  @Override
  public Optional<String> reject(TextView text) {
    Shares shares = Shares.of(text.text());
    if (shares.of(shares.alnum) < config.minAlnumRatio()) {
      return Optional.of("characters.min_alnum_ratio");
    }
    if (shares.of(shares.symbols) > config.maxSymbolRatio()) {
      return Optional.of("characters.max_symbol_ratio");
    }
    return lines(text);
  }

  private Optional<String> lines(TextView text) {
    if (config.maxLineLength() == 0 && config.maxMeanLineLength() == 0) {
      return Optional.empty();
    }
    List<String> lines = text.lines();
    int longest = 0;
    long sum = 0;
    for (String line : lines) {
      int length = TextView.length(line);
      longest = Math.max(longest, length);
      sum += length;
    }
    if (config.maxLineLength() > 0 && longest > config.maxLineLength()) {
      return Optional.of("characters.max_line_length");
    }
    boolean wide = sum > (long) config.maxMeanLineLength() * lines.size();
    return config.maxMeanLineLength() > 0 && wide
        ? Optional.of("characters.max_mean_line_length")
        : Optional.empty();
  }

  private record Shares(long alnum, long symbols, long all) {
    static Shares of(String text) {
      long alnum = 0;
      long symbols = 0;
      long all = 0;
      int at = 0;
      while (at < text.length()) {
        int codePoint = text.codePointAt(at);
        at += Character.charCount(codePoint);
        if (Character.isWhitespace(codePoint) || Character.isSpaceChar(codePoint)) {
          continue;
        }
        all++;
        boolean letter = Character.isLetterOrDigit(codePoint);
        boolean part =
            !letter && codePoint >= 0x300 && Character.isUnicodeIdentifierPart(codePoint);
        alnum += letter || part ? 1 : 0;
        symbols += letter || part ? 0 : 1;
      }
      return new Shares(alnum, symbols, all);
    }

    double of(long count) {
      return all == 0 ? 0 : (double) count / all;
    }
  }
}
