package dev.anneal.data.pack;

/**
 * A run of tokens of one sample.
 *
 * @param sample index of the sample
 * @param start first token within the sample
 * @param length number of tokens, above 0
 */
public record Piece(int sample, int start, int length) {
  public Piece {
    if (sample < 0 || start < 0 || length <= 0) {
      throw new IllegalArgumentException(
          "Invalid piece: sample " + sample + ", start " + start + ", length " + length);
    }
  }
}
