package dev.anneal.data.filter;

import dev.anneal.data.config.GopherQualityConfig;
import dev.anneal.data.text.TextView;
import dev.anneal.data.text.Words;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Gopher's quality rules (Rae et al. 2021, A.1.1): number of words, their mean length, '#' and
 * ellipses a word, lines with bullets and ellipses, words with a letter, stop words.
 *
 * <p>Words are those of {@link Words}. Of the number and the mean length, words of punctuation
 * alone are left out; the mean length is taken over words of scripts with spaces, and not asked of
 * a document where they are fewer than half: in Chinese a word has no length. Stop words are
 * compared in lower case.
 */
final class GopherQuality implements DocumentFilter {
  private static final long serialVersionUID = 1L;
  private static final String NAME = "gopher_quality.";

  private final GopherQualityConfig config;
  private final Set<String> stopWords;

  GopherQuality(GopherQualityConfig config) {
    this.config = config;
    this.stopWords = Set.copyOf(config.stopWords());
  }

  @Override
  public Optional<String> reject(TextView text) {
    return words(text)
        .or(() -> symbols(text))
        .or(() -> lines(text))
        .or(() -> letters(text))
        .map(rule -> NAME + rule);
  }

  private Optional<String> words(TextView text) {
    long count = 0;
    long spaced = 0;
    long characters = 0;
    for (String word : text.words()) {
      if (!word.codePoints().anyMatch(GopherQuality::isNoPunctuation)) {
        continue;
      }
      count++;
      if (!Words.isUnspaced(word.codePointAt(0))) {
        spaced++;
        characters += TextView.length(word);
      }
    }
    if (count < config.minDocWords()) {
      return Optional.of("min_doc_words");
    }
    if (count > config.maxDocWords()) {
      return Optional.of("max_doc_words");
    }
    if (spaced == 0 || 2 * spaced < count) {
      return Optional.empty();
    }
    double mean = (double) characters / spaced;
    if (mean < config.minAvgWordLength()) {
      return Optional.of("min_avg_word_length");
    }
    return mean > config.maxAvgWordLength() ? Optional.of("max_avg_word_length") : Optional.empty();
  }

  private Optional<String> symbols(TextView text) {
    double words = text.words().size();
    long hashes = text.text().chars().filter(unit -> unit == '#').count();
    if (hashes > config.maxSymbolWordRatio() * words) {
      return Optional.of("max_symbol_word_ratio_hash");
    }
    return ellipses(text.text()) > config.maxSymbolWordRatio() * words
        ? Optional.of("max_symbol_word_ratio_ellipsis")
        : Optional.empty();
  }

  private static long ellipses(String text) {
    long count = text.chars().filter(unit -> unit == '…').count();
    for (int at = text.indexOf("..."); at >= 0; at = text.indexOf("...", at + 3)) {
      count++;
    }
    return count;
  }

  private Optional<String> lines(TextView text) {
    if (share(text.lines(), GopherQuality::isBullet) > config.maxBulletLinesRatio()) {
      return Optional.of("max_bullet_lines_ratio");
    }
    return share(text.lines(), GopherQuality::hasEllipsis) > config.maxEllipsisLinesRatio()
        ? Optional.of("max_ellipsis_lines_ratio")
        : Optional.empty();
  }

  private static boolean isBullet(String line) {
    String start = line.stripLeading();
    return start.startsWith("•") || start.startsWith("-");
  }

  private static boolean hasEllipsis(String line) {
    String end = line.stripTrailing();
    return end.endsWith("...") || end.endsWith("…");
  }

  private Optional<String> letters(TextView text) {
    Predicate<String> alphabetic = word -> word.codePoints().anyMatch(Character::isLetter);
    if (share(text.words(), alphabetic) < config.minAlphaWordsRatio()) {
      return Optional.of("min_alpha_words_ratio");
    }
    Set<String> found = new HashSet<>();
    for (String word : text.words()) {
      String lower = word.toLowerCase(Locale.ROOT);
      if (stopWords.contains(lower)) {
        found.add(lower);
      }
    }
    return found.size() < config.minStopWords() ? Optional.of("min_stop_words") : Optional.empty();
  }

  private static double share(List<String> parts, Predicate<String> holds) {
    return parts.isEmpty() ? 0 : (double) parts.stream().filter(holds).count() / parts.size();
  }

  private static boolean isNoPunctuation(int codePoint) {
    return switch (Character.getType(codePoint)) {
      case Character.CONNECTOR_PUNCTUATION,
              Character.DASH_PUNCTUATION,
              Character.START_PUNCTUATION,
              Character.END_PUNCTUATION,
              Character.INITIAL_QUOTE_PUNCTUATION,
              Character.FINAL_QUOTE_PUNCTUATION,
              Character.OTHER_PUNCTUATION,
              Character.MATH_SYMBOL,
              Character.CURRENCY_SYMBOL,
              Character.MODIFIER_SYMBOL ->
          false;
      default -> true;
    };
  }
}
