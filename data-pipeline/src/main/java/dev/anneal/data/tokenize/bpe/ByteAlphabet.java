package dev.anneal.data.tokenize.bpe;

import java.util.Arrays;

/**
 * The 256 characters that stand for bytes in the vocabulary of a byte-level tokenizer: printable
 * Latin-1 for itself, the other bytes, in order, from U+0100 on. Stateless.
 */
final class ByteAlphabet {
  private static final int BYTES = 256;
  private static final char[] CHARACTERS = new char[BYTES];
  private static final int[] VALUES = new int[2 * BYTES];

  static {
    Arrays.fill(VALUES, -1);
    char next = BYTES;
    for (int value = 0; value < BYTES; value++) {
      boolean printable = value > ' ' && value < 0x7F || value > 0xA0 && value != 0xAD;
      CHARACTERS[value] = printable ? (char) value : next++;
      VALUES[CHARACTERS[value]] = value;
    }
  }

  private ByteAlphabet() {}

  /** The character of a byte, 0 to 255. */
  static char character(int value) {
    return CHARACTERS[value];
  }

  /** The bytes that a token stands for; empty when it has a character that stands for none. */
  static byte[] bytes(String token) {
    byte[] bytes = new byte[token.length()];
    for (int i = 0; i < bytes.length; i++) {
      char c = token.charAt(i);
      int value = c < VALUES.length ? VALUES[c] : -1;
      if (value < 0) {
        return new byte[0];
      }
      bytes[i] = (byte) value;
    }
    return bytes;
  }
}
