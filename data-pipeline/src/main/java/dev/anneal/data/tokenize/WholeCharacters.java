package dev.anneal.data.tokenize;

/**
 * Half a surrogate pair has no UTF-8 form; encoders would put other characters there. Stateless.
 */
public final class WholeCharacters {
  private WholeCharacters() {}

  /** Throws {@link IllegalArgumentException} when a text holds half a pair. */
  public static void require(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (!Character.isSurrogate(c)) {
        continue;
      }
      if (Character.isHighSurrogate(c)
          && i + 1 < text.length()
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        i++;
        continue;
      }
      throw new IllegalArgumentException(
          String.format("Invalid text: half a surrogate pair U+%04X at character %d", (int) c, i));
    }
  }
}
