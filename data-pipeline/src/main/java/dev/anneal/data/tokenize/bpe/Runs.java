package dev.anneal.data.tokenize.bpe;

import static dev.anneal.data.tokenize.bpe.CharacterClasses.LETTER;
import static dev.anneal.data.tokenize.bpe.CharacterClasses.SPACE;

import dev.anneal.data.text.EightBytes;

/** Ends of runs of characters of one class: the parts that the patterns are made of. Stateless. */
final class Runs {
  private Runs() {}

  /** The class of the character that starts here; -1 at the end. */
  static int classAt(byte[] utf8, int at, int end) {
    return at < end ? CharacterClasses.at(utf8, at) : -1;
  }

  /** End of the letters from here on. */
  static int letters(byte[] utf8, int from, int end) {
    int at = from;
    while (at + Long.BYTES <= end) {
      long others = Utf8.notAsciiLetters(EightBytes.at(utf8, at));
      if (others != 0) {
        at += Long.numberOfTrailingZeros(others) >>> 3;
        return utf8[at] >= 0 ? at : run(utf8, at, end, LETTER);
      }
      at += Long.BYTES;
    }
    return run(utf8, at, end, LETTER);
  }

  /** End of the characters of a class from here on. */
  static int run(byte[] utf8, int from, int end, int kind) {
    int at = from;
    while (at < end && CharacterClasses.at(utf8, at) == kind) {
      at += Utf8.length(utf8[at]);
    }
    return at;
  }

  /** End of the CR and LF from here on. */
  static int lineEnds(byte[] utf8, int from, int end) {
    int at = from;
    while (at < end && isLineEnd(utf8[at])) {
      at++;
    }
    return at;
  }

  static boolean isLineEnd(byte b) {
    return b == '\n' || b == '\r';
  }

  /**
   * {@code \s+(?!\S)|\s+} over white space from {@code from} to {@code runEnd}: all of it at the
   * end of the text, else all but its last character, which the next word may take.
   */
  static int spaces(byte[] utf8, int from, int runEnd, int end) {
    if (runEnd == end) {
      return end;
    }
    int last = Utf8.before(utf8, runEnd);
    return last > from ? last : runEnd;
  }

  /** End of the white space from here on. */
  static int spaceRun(byte[] utf8, int from, int end) {
    int at = from;
    while (at < end && utf8[at] == ' ') {
      at++;
    }
    return run(utf8, at, end, SPACE);
  }
}
