package dev.anneal.data.tokenize.bpe;

/**
 * UTF-16 offsets of the characters of a UTF-8 text by the index of any of their bytes. Immutable.
 */
final class Utf16Positions {
  /** Offset of the character that a byte belongs to; one entry more for the end. */
  private final int[] offsets;

  Utf16Positions(byte[] utf8) {
    offsets = new int[utf8.length + 1];
    int offset = 0;
    int units = 0; // of the character that the last byte belongs to
    for (int i = 0; i < utf8.length; i++) {
      if ((utf8[i] & 0xC0) != 0x80) {
        offset += units;
        units = Utf8.length(utf8[i]) == 4 ? 2 : 1;
      }
      offsets[i] = offset;
    }
    offsets[utf8.length] = offset + units;
  }

  /** Where the character starts that a byte belongs to. */
  int start(int index) {
    return offsets[index];
  }

  /** Where the character ends that the byte before {@code index} belongs to. */
  int end(int index) {
    int at = index;
    int last = offsets[index - 1];
    while (offsets[at] == last) {
      at++;
    }
    return offsets[at];
  }
}
