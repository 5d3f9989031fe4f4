package dev.anneal.data.tokenize.bpe;

import static dev.anneal.data.tokenize.bpe.CharacterClasses.LETTER;
import static dev.anneal.data.tokenize.bpe.CharacterClasses.NUMBER;
import static dev.anneal.data.tokenize.bpe.CharacterClasses.OTHER;

/**
 * The pattern of cl100k, Llama 3 and Qwen, which differ in how many digits a word has: {@code
 * (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|
 * ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+}. Without regard to case, {@code 's} also is
 * {@code 'ſ} (U+017F).
 */
final class Cl100kSplitter implements Splitter {
  private final int maxDigits;

  Cl100kSplitter(int maxDigits) {
    if (maxDigits < 1) {
      throw new IllegalArgumentException("Invalid maxDigits: " + maxDigits + " (must be > 0)");
    }
    this.maxDigits = maxDigits;
  }

  @Override
  public int wordEnd(byte[] utf8, int at, int end) {
    byte first = utf8[at];
    if (first == ' ' && at + 1 < end && isAsciiLetter(utf8[at + 1])) {
      return Runs.letters(utf8, at + 2, end);
    }
    if (first == '\'') {
      int contraction = contractionEnd(utf8, at + 1, end);
      if (contraction > 0) {
        return contraction;
      }
    }
    int kind = Runs.classAt(utf8, at, end);
    if (kind == LETTER) {
      return Runs.letters(utf8, at, end);
    }
    return kind == NUMBER ? digits(utf8, at, end) : afterOther(utf8, at, end, kind);
  }

  private static boolean isAsciiLetter(byte b) {
    int folded = (b | 0x20) - 'a';
    return folded >= 0 && folded < 26;
  }

  /** The word that starts with white space or with punctuation. */
  private static int afterOther(byte[] utf8, int at, int end, int kind) {
    byte first = utf8[at];
    int second = at + Utf8.length(first);
    int secondKind = Runs.classAt(utf8, second, end);
    if (secondKind == LETTER && !Runs.isLineEnd(first)) {
      return Runs.letters(utf8, second, end);
    }
    if (kind == OTHER || first == ' ' && secondKind == OTHER) {
      return Runs.lineEnds(utf8, Runs.run(utf8, second, end, OTHER), end);
    }
    int runEnd = Runs.spaceRun(utf8, at, end);
    int lastLineEnd = runEnd;
    while (lastLineEnd > at && !Runs.isLineEnd(utf8[lastLineEnd - 1])) {
      lastLineEnd--;
    }
    return lastLineEnd > at ? lastLineEnd : Runs.spaces(utf8, at, runEnd, end);
  }

  private int digits(byte[] utf8, int from, int end) {
    int at = from;
    for (int i = 0; i < maxDigits && Runs.classAt(utf8, at, end) == NUMBER; i++) {
      at += Utf8.length(utf8[at]);
    }
    return at;
  }

  private static int contractionEnd(byte[] utf8, int at, int end) {
    if (at >= end) {
      return -1;
    }
    int first = utf8[at] | 0x20;
    if (first == 's' || first == 't' || first == 'm' || first == 'd') {
      return at + 1;
    }
    if (at + 1 >= end) {
      return -1;
    }
    if (utf8[at] == (byte) 0xC5 && utf8[at + 1] == (byte) 0xBF) {
      return at + 2;
    }
    int second = utf8[at + 1] | 0x20;
    boolean pair = (first == 'r' || first == 'v') && second == 'e' || first == 'l' && second == 'l';
    return pair ? at + 2 : -1;
  }
}
