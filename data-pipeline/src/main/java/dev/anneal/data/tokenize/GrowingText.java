package dev.anneal.data.tokenize;

import java.util.regex.Pattern;

/**
 * The text of ids that come one by one, special tokens left out: what it gives, laid end to end, is
 * the decoded text of all of them. It keeps back what a later id may change: the bytes of a
 * character that is not whole yet, and tokens that stand for single bytes, which count only
 * together. Borrows the tokenizer; confined to one thread.
 */
public final class GrowingText {
  private static final Pattern BYTE = Pattern.compile("<0x[0-9A-F]{2}>");
  private static final char BROKEN = '\uFFFD';

  private final Tokenizer tokenizer;
  private final TokenNames names;
  private final IdList ids = new IdList(64);
  private int given; // characters

  public GrowingText(Tokenizer tokenizer, TokenNames names) {
    this.tokenizer = tokenizer;
    this.names = names;
  }

  /** What one more id adds for certain; mostly something. */
  public String next(int id) {
    ids.accept(new int[] {id}, 1);
    // A special token is no text, so bytes on both sides of it still count together.
    if (tokenizer.isSpecial(id) || names.find(id).filter(BYTE.asMatchPredicate()).isPresent()) {
      return "";
    }
    String text = tokenizer.decodeSkippingSpecial(ids.toArray());
    int end = text.length();
    while (end > 0 && text.charAt(end - 1) == BROKEN) {
      end--;
    }
    return upTo(text, end);
  }

  /** What was kept back, once no more ids come. */
  public String rest() {
    String text = tokenizer.decodeSkippingSpecial(ids.toArray());
    return upTo(text, text.length());
  }

  private String upTo(String text, int end) {
    if (end <= given) {
      return "";
    }
    String more = text.substring(given, end);
    given = end;
    return more;
  }
}
