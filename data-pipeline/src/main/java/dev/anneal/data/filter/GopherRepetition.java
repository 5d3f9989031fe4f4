package dev.anneal.data.filter;

import dev.anneal.data.config.GopherRepetitionConfig;
import dev.anneal.data.text.LongSet;
import dev.anneal.data.text.NGrams;
import dev.anneal.data.text.TextView;
import dev.anneal.data.text.Words;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

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
   * Characters of the commonest n-gram times its count, of several as common the first; a space
   * between words of scripts that write them included.
   */
  static long commonest(List<String> words, int n) {
    long[] grams = NGrams.hashes(words, n);
    if (grams.length == 0) {
      return 0;
    }
    Map<Long, Integer> counts = new HashMap<>();
    int most = 0;
    for (long gram : grams) {
      most = Math.max(most, counts.merge(gram, 1, Integer::sum));
    }
    int first = 0;
    while (counts.get(grams[first]) != most) {
      first++;
    }
    long spaces = 0;
    for (int i = first; i < first + n - 1; i++) {
      spaces += Words.isUnspaced(words.get(i).codePointAt(0)) ? 0 : 1;
    }
    return (characters(words, first, n) + spaces) * most;
  }

  /** Characters of n-grams that stood before; after one the next begins behind it. */
  static long repeated(List<String> words, int n) {
    long[] grams = NGrams.hashes(words, n);
    LongSet seen = new LongSet();
    long characters = 0;
    int at = 0;
    while (at < grams.length) {
      if (seen.add(grams[at])) {
        at++;
      } else {
        characters += characters(words, at, n);
        at += n;
      }
    }
    return characters;
  }

  private static long characters(List<String> words, int from, int count) {
    long characters = 0;
    for (int i = from; i < from + count; i++) {
      characters += TextView.length(words.get(i));
    }
    return characters;
  }
}
