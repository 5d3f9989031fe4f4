package dev.anneal.core.questions;

import java.text.Normalizer;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Whether an answer is what was expected, letter by letter after normalisation: Unicode NFKC (full
 * width forms become plain ones), lower case, white space trimmed and collapsed, the punctuation
 * that ends a sentence dropped, also Chinese. Nothing else: no stemming, no containment.
 */
public final class ExactMatch {
  private static final Pattern SPACE = Pattern.compile("[\\s\\p{Z}]+");
  private static final Pattern FINAL_PUNCTUATION =
      Pattern.compile("[ .,;:!?\u3001\u3002\u30fb\u00b7]+$");

  private ExactMatch() {}

  /** An answer that is empty after normalisation matches nothing. */
  public static boolean matches(String answer, String expected) {
    String normalized = normalize(answer);
    return !normalized.isEmpty() && normalized.equals(normalize(expected));
  }

  public static String normalize(String text) {
    String folded = Normalizer.normalize(text, Normalizer.Form.NFKC).toLowerCase(Locale.ROOT);
    String spaced = SPACE.matcher(folded).replaceAll(" ").strip();
    return FINAL_PUNCTUATION.matcher(spaced).replaceFirst("");
  }
}
