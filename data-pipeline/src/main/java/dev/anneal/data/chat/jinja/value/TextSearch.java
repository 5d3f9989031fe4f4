package dev.anneal.data.chat.jinja.value;

/**
 * Finds a part in a text in time that grows with the text alone: the platform's search takes the
 * product of both lengths where they repeat themselves. Stateless.
 */
public final class TextSearch {
  /** Up to here the platform's search is as good. */
  private static final int SHORT = 32;

  /** What a search for a longer part costs, in passes over the text. */
  private static final int LONG_COST = 8;

  private TextSearch() {}

  /** How much is read to find a part, counted in characters of the text. */
  public static long cost(String text, Object part) {
    boolean slow = part instanceof String given && given.length() > SHORT;
    return (slow ? LONG_COST : 1L) * text.length();
  }

  /** As {@link String#indexOf(String, int)}. */
  public static int first(String text, String part, int from) {
    return part.length() <= SHORT ? text.indexOf(part, from) : find(text, part, from, false);
  }

  /** The last place at which it begins, or -1. */
  public static int last(String text, String part) {
    return part.length() <= SHORT ? text.lastIndexOf(part) : find(text, part, 0, true);
  }

  /** Knuth, Morris, Pratt. */
  private static int find(String text, String part, int from, boolean last) {
    if (text.length() - from < part.length()) {
      return -1;
    }
    int[] border = borders(part);
    int found = -1;
    int matched = 0;
    for (int i = Math.max(0, from); i < text.length(); i++) {
      while (matched > 0 && text.charAt(i) != part.charAt(matched)) {
        matched = border[matched - 1];
      }
      matched += text.charAt(i) == part.charAt(matched) ? 1 : 0;
      if (matched == part.length()) {
        found = i + 1 - matched;
        if (!last) {
          return found;
        }
        matched = border[matched - 1];
      }
    }
    return found;
  }

  /** For each start of the part, how long its longest proper end is that is a start too. */
  private static int[] borders(String part) {
    int[] border = new int[part.length()];
    for (int i = 1; i < border.length; i++) {
      int length = border[i - 1];
      while (length > 0 && part.charAt(i) != part.charAt(length)) {
        length = border[length - 1];
      }
      border[i] = length + (part.charAt(i) == part.charAt(length) ? 1 : 0);
    }
    return border;
  }
}
