package dev.anneal.data.tokenize.bpe;

import static dev.anneal.data.tokenize.bpe.CharacterClasses.LETTER;
import static dev.anneal.data.tokenize.bpe.CharacterClasses.SPACE;

/**
 * GPT-2's pattern, which the library's {@code ByteLevel} holds: {@code 's|'t|'re|'ve|'m|'ll|'d|
 * ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+}. Contractions are in small letters only.
 */
final class Gpt2Splitter implements Splitter {
  @Override
  public int wordEnd(byte[] utf8, int at, int end) {
    int first = utf8[at];
    if (first == '\'') {
      int contraction = contractionEnd(utf8, at + 1, end);
      if (contraction > 0) {
        return contraction;
      }
    }
    int from = first == ' ' ? at + 1 : at;
    int kind = Runs.classAt(utf8, from, end);
    if (kind == LETTER) {
      return Runs.letters(utf8, from, end);
    }
    if (kind >= 0 && kind != SPACE) {
      return Runs.run(utf8, from, end, kind);
    }
    return Runs.spaces(utf8, at, Runs.spaceRun(utf8, from, end), end);
  }

  private static int contractionEnd(byte[] utf8, int at, int end) {
    if (at >= end) {
      return -1;
    }
    byte first = utf8[at];
    if (first == 's' || first == 't' || first == 'm' || first == 'd') {
      return at + 1;
    }
    if (at + 1 >= end) {
      return -1;
    }
    byte second = utf8[at + 1];
    boolean pair = (first == 'r' || first == 'v') && second == 'e' || first == 'l' && second == 'l';
    return pair ? at + 2 : -1;
  }
}
