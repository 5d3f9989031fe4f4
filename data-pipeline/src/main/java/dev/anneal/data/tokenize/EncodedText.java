package dev.anneal.data.tokenize;

/**
 * Token ids of one text with the characters each token covers, as UTF-16 offsets into that text.
 * Neighbours may share characters: a rare character may be several tokens. Immutable by convention:
 * nobody writes into the arrays.
 *
 * @param ids token ids
 * @param starts offset of a token's first character
 * @param ends offset after a token's last character
 */
public record EncodedText(int[] ids, int[] starts, int[] ends) {
  public EncodedText {
    if (starts.length != ids.length || ends.length != ids.length) {
      throw new IllegalArgumentException(
          "Invalid offsets: "
              + starts.length
              + " starts and "
              + ends.length
              + " ends (expected "
              + ids.length
              + " as ids)");
    }
  }

  public int size() {
    return ids.length;
  }
}
