package dev.anneal.data.filter;

import dev.anneal.data.config.C4FilterConfig;
import dev.anneal.data.text.TextView;
import dev.anneal.data.text.Words;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * C4's rules (Raffel et al. 2020, 2.2) as a decision on the whole document, whose text stays as it
 * is. A document is left out if it holds "lorem ipsum" or a curly bracket, or if too few sentences
 * stand in its good lines. A good line ends in terminal punctuation (no ellipsis), has enough
 * words, none of them too long, and mentions neither JavaScript nor cookies and terms of use.
 *
 * <p>A sentence ends in {@code . ! ?} before white space or the end, closing quotes and brackets
 * between, or in {@code 。！？}. C4's list of bad words is not applied.
 */
record C4Rules(C4FilterConfig config) implements DocumentFilter {
  private static final String ENDS = ".?!\"'。！？”’」』";
  private static final String CLOSING = "\"')]}”’」』）";
  private static final List<String> POLICY =
      List.of(
          "javascript",
          "terms of use",
          "privacy policy",
          "cookie policy",
          "uses cookies",
          "use of cookies",
          "use cookies");

  @Override
  public Optional<String> reject(TextView text) {
    if (text.text().toLowerCase(Locale.ROOT).contains("lorem ipsum")) {
      return Optional.of("c4.lorem_ipsum");
    }
    if (config.curlyBracket() && text.text().indexOf('{') >= 0) {
      return Optional.of("c4.curly_bracket");
    }
    int sentences = 0;
    for (String line : text.lines()) {
      if (sentences >= config.minSentences()) {
        break;
      }
      String trimmed = line.strip();
      sentences += isGood(trimmed) ? sentences(trimmed) : 0;
    }
    return sentences < config.minSentences() ? Optional.of("c4.min_sentences") : Optional.empty();
  }

  private boolean isGood(String line) {
    boolean ends = ENDS.indexOf(line.charAt(line.length() - 1)) >= 0;
    if (!ends || line.endsWith("...")) {
      return false;
    }
    List<String> words = Words.of(line);
    if (words.size() < config.minWordsPerLine()
        || words.stream().anyMatch(word -> TextView.length(word) > config.maxWordLength())) {
      return false;
    }
    String lower = line.toLowerCase(Locale.ROOT);
    return POLICY.stream().noneMatch(lower::contains);
  }

  /** Sentences of a line, at least one. */
  static int sentences(String line) {
    int count = 0;
    int at = 0;
    int after = 0;
    while (at < line.length()) {
      char unit = line.charAt(at++);
      boolean wide = unit == '。' || unit == '！' || unit == '？';
      if (!wide && unit != '.' && unit != '!' && unit != '?') {
        continue;
      }
      while (at < line.length() && (".!?。！？" + CLOSING).indexOf(line.charAt(at)) >= 0) {
        wide |= "。！？".indexOf(line.charAt(at)) >= 0;
        at++;
      }
      if (wide || at == line.length() || Character.isWhitespace(line.charAt(at))) {
        count++;
        after = at;
      }
    }
    return line.substring(after).isBlank() ? Math.max(1, count) : count + 1;
  }
}
