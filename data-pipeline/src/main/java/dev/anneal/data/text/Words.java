package dev.anneal.data.text;

import java.util.ArrayList;
import java.util.List;

/**
 * Words without a dictionary, the same everywhere. In scripts that write spaces a word is what
 * stands between white space. In scripts that write none (Chinese characters, kana, Thai, Lao,
 * Khmer, Burmese) a letter is a word, with the marks that follow it. East Asian punctuation
 * separates words and is none. Stateless.
 */
public final class Words {
  private static final int FIRST_UNSPACED = 0x0E00;

  private Words() {}

  /** The words of a text in their order. */
  public static List<String> of(String text) {
    List<String> words = new ArrayList<>(text.length() / 5 + 1);
    int start = -1;
    int at = 0;
    while (at < text.length()) {
      int codePoint = text.codePointAt(at);
      int next = at + Character.charCount(codePoint);
      boolean single = isUnspaced(codePoint);
      if (single || isSeparator(codePoint)) {
        add(words, text, start, at);
        start = -1;
        if (single) {
          next = withMarks(text, next);
          words.add(text.substring(at, next));
        }
      } else if (start < 0) {
        start = at;
      }
      at = next;
    }
    add(words, text, start, text.length());
    return words;
  }

  private static void add(List<String> words, String text, int start, int end) {
    if (start >= 0) {
      words.add(text.substring(start, end));
    }
  }

  private static int withMarks(String text, int from) {
    int at = from;
    while (at < text.length() && isMark(text.codePointAt(at))) {
      at += Character.charCount(text.codePointAt(at));
    }
    return at;
  }

  static boolean isMark(int codePoint) {
    if (codePoint < 0x300) {
      return false;
    }
    int type = Character.getType(codePoint);
    return type == Character.NON_SPACING_MARK
        || type == Character.COMBINING_SPACING_MARK
        || type == Character.ENCLOSING_MARK;
  }

  private static boolean isSeparator(int codePoint) {
    if (codePoint < 0x80) {
      return codePoint <= ' ';
    }
    boolean eastAsianPunctuation =
        (codePoint >= 0x3000 && codePoint <= 0x303F)
            || (codePoint >= 0xFF00 && codePoint <= 0xFF65);
    return eastAsianPunctuation && !Character.isLetterOrDigit(codePoint) || isSpace(codePoint);
  }

  /** White space, the spaces that do not break included. */
  static boolean isSpace(int codePoint) {
    return Character.isWhitespace(codePoint)
        || Character.isSpaceChar(codePoint)
        || codePoint == 0x85;
  }

  /** Whether a character is a word by itself. */
  public static boolean isUnspaced(int codePoint) {
    if (codePoint < FIRST_UNSPACED) {
      return false;
    }
    if (codePoint >= 0x4E00 && codePoint <= 0x9FFF) {
      return true;
    }
    if (!Character.isLetter(codePoint)) {
      return false;
    }
    return switch (Character.UnicodeScript.of(codePoint)) {
      case HAN, HIRAGANA, KATAKANA, BOPOMOFO, THAI, LAO, KHMER, MYANMAR -> true;
      default -> false;
    };
  }
}
