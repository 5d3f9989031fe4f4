package dev.anneal.data.tokenize.bpe;

/**
 * Which neighbouring characters can be parts of one token. Where no token of the vocabulary runs
 * across two characters no merge can, so a word falls apart there into pieces that are encoded by
 * themselves, with the same ids. Words of Chinese, which can be whole sentences, fall into pieces
 * of a few characters, which come again where sentences do not.
 *
 * <p>A set of bits by hash: it may take a seam for crossed that is not, which costs only time.
 * Built by one thread; immutable after.
 */
final class TokenSeams {
  private static final int BITS = 20;
  private static final int PARTIAL =
      0x110000; // plus a byte: a character of which a token has a part
  private static final int FIRST = 0x9E3779B9;
  private static final int SECOND = 0x85EBCA6B;

  private final long[] bits = new long[1 << BITS - 6];

  /** Notes the seams inside a token, which may begin and end within a character. */
  void add(byte[] token) {
    for (int at = 1; at < token.length; at++) {
      if (isContinuation(token[at])) {
        continue;
      }
      int lead = at - 1;
      while (lead > 0 && isContinuation(token[lead])) {
        lead--;
      }
      boolean wholeLeft = !isContinuation(token[lead]) && lead + Utf8.length(token[lead]) == at;
      boolean wholeRight = at + Utf8.length(token[at]) <= token.length;
      int left = wholeLeft ? Utf8.codePoint(token, lead) : PARTIAL + (token[at - 1] & 0xFF);
      int right = wholeRight ? Utf8.codePoint(token, at) : PARTIAL + (token[at] & 0xFF);
      int bit = bit(left, right);
      bits[bit >>> 6] |= 1L << bit;
    }
  }

  /** Whether a token may run across the characters before and after a place in a text. */
  boolean crossed(byte[] utf8, int at, int left, int right) {
    int leftPart = PARTIAL + (utf8[at - 1] & 0xFF);
    int rightPart = PARTIAL + (utf8[at] & 0xFF);
    return has(left, right)
        || has(left, rightPart)
        || has(leftPart, right)
        || has(leftPart, rightPart);
  }

  private boolean has(int left, int right) {
    int bit = bit(left, right);
    return (bits[bit >>> 6] & 1L << bit) != 0;
  }

  private static int bit(int left, int right) {
    return (left * FIRST ^ right * SECOND) * FIRST >>> Integer.SIZE - BITS;
  }

  private static boolean isContinuation(byte b) {
    return (b & 0xC0) == 0x80;
  }
}
