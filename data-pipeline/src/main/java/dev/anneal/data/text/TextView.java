package dev.anneal.data.text;

import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A document as filters look at it; words and lines are made once, when first asked for. Lengths
 * are in characters (Unicode code points). Confined to one thread.
 */
public final class TextView {
  private static final Pattern LINE_BREAKS = Pattern.compile("\\R+");
  private static final Pattern PARAGRAPH_BREAKS = Pattern.compile("(?:\\R[ \\t]*){2,}");

  private final String text;
  private final int length;
  private Optional<List<String>> words = Optional.empty();
  private Optional<List<String>> lines = Optional.empty();

  public TextView(String text) {
    this.text = text;
    this.length = length(text);
  }

  public String text() {
    return text;
  }

  /** Characters of the whole text. */
  public int length() {
    return length;
  }

  /** Characters of any text. */
  public static int length(String text) {
    return text.codePointCount(0, text.length());
  }

  /** Words as {@link Words} counts them. */
  public List<String> words() {
    if (words.isEmpty()) {
      words = Optional.of(Words.of(text));
    }
    return words.get();
  }

  /** Share of the words that are single characters of a script without spaces. */
  public double unspacedShare() {
    long unspaced = words().stream().filter(word -> Words.isUnspaced(word.codePointAt(0))).count();
    return words().isEmpty() ? 0 : (double) unspaced / words().size();
  }

  /** The lines that hold more than white space. */
  public List<String> lines() {
    if (lines.isEmpty()) {
      lines = Optional.of(filled(LINE_BREAKS));
    }
    return lines.get();
  }

  /** What stands between empty lines, without empty ones. */
  public List<String> paragraphs() {
    return filled(PARAGRAPH_BREAKS);
  }

  private List<String> filled(Pattern separator) {
    return separator.splitAsStream(text).filter(part -> !part.isBlank()).toList();
  }
}
