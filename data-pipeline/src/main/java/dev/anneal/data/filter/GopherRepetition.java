package dev.anneal.data.filter;

import dev.anneal.core.config.GopherRepetitionConfig;
import dev.anneal.data.text.TextView;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Gopher's repetition rules (Rae et al. 2021, table A1): repeated lines and paragraphs, by number
 * and by characters; the commonest 2- to 4-gram; repeated 5- to 10-grams, each character counted
 * once. Shares of characters are of the whole text.
 *
 * <p>In a document where most words are single characters of a script without spaces, an n-gram has
 * 2n of them: a Chinese word has about two characters.
 */
record GopherRepetition(GopherRepetitionConfig config) implements DocumentFilter {
  private static final String NAME = "gopher_repetition.";
  private static final int FIRST_TOP = 2;
  private static final int FIRST_DUPLICATE = 5;

  @Override
  public Optional<String> reject(TextView text) {
    if (text.length() == 0) {
      return Optional.empty();
    }
    return parts(text).or(() -> ngrams(text)).map(rule -> NAME + rule);
  }

  private Optional<String> parts(TextView text) {
    Repeated paragraphs = Repeated.of(text.paragraphs());
    if (paragraphs.share() > config.dupParaFrac()) {
      return Optional.of("dup_para_frac");
    }
    if (paragraphs.characters() > config.dupParaCharFrac() * text.length()) {
      return Optional.of("dup_para_char_frac");
    }
    Repeated lines = Repeated.of(text.lines());
    if (lines.share() > config.dupLineFrac()) {
      return Optional.of("dup_line_frac");
    }
    return lines.characters() > config.dupLineCharFrac() * text.length()
        ? Optional.of("dup_line_char_frac")
        : Optional.empty();
  }

  private Optional<String> ngrams(TextView text) {
    int scale = text.unspacedShare() > 0.5 ? 2 : 1;
    for (int i = 0; i < config.topNGrams().size(); i++) {
      int n = FIRST_TOP + i;
      long characters = commonest(text.words(), n * scale);
      if (characters > config.topNGrams().get(i) * text.length()) {
        return Optional.of("top_" + n + "_gram");
      }
    }
    for (int i = 0; i < config.dupNGrams().size(); i++) {
      int n = FIRST_DUPLICATE + i;
      long characters = repeated(text.words(), n * scale);
      if (characters > config.dupNGrams().get(i) * text.length()) {
        return Optional.of("dup_" + n + "_gram");
      }
    }
    return Optional.empty();
  }

  /**
   * Characters of the commonest n-gram times its count, spaces between its words included; of
   * several as common the first.
   */
  static long commonest(List<String> words, int n) {
    Map<String, Integer> counts = new HashMap<>();
    String top = "";
    int most = 0;
    String[] grams = new String[Math.max(0, words.size() - n + 1)];
    for (int i = 0; i < grams.length; i++) {
      grams[i] = String.join(" ", words.subList(i, i + n));
      most = Math.max(most, counts.merge(grams[i], 1, Integer::sum));
    }
    for (String gram : grams) {
      if (counts.get(gram) == most) {
        top = gram;
        break;
      }
    }
    return (long) TextView.length(top) * most;
  }

  /** Characters of n-grams that stood before; after one the next begins behind it. */
  static long repeated(List<String> words, int n) {
    Set<String> seen = new HashSet<>();
    long characters = 0;
    int at = 0;
    while (at + n <= words.size()) {
      String gram = String.join("", words.subList(at, at + n));
      if (seen.add(gram)) {
        at++;
      } else {
        characters += TextView.length(gram);
        at += n;
      }
    }
    return characters;
  }
}
