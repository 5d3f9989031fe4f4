package dev.anneal.spark.ml;

import java.util.Arrays;
import java.util.List;

/** How the hidden states of a text's tokens become one vector. */
enum Pooling {
  /** Their mean. */
  MEAN,
  /** The last token's, the only one that has seen the whole text. */
  LAST;

  static final List<String> NAMES = List.of("mean", "last");

  /**
   * The vector of one text.
   *
   * @param states hidden states, row by row
   * @param first the text's first token
   * @param tokens how many it has
   * @param width length of a hidden state
   */
  float[] pool(float[] states, int first, int tokens, int width) {
    if (this == LAST) {
      int at = (first + tokens - 1) * width;
      return Arrays.copyOfRange(states, at, at + width);
    }
    float[] mean = new float[width];
    for (int i = 0; i < width; i++) {
      double sum = 0;
      for (int t = first; t < first + tokens; t++) {
        sum += states[t * width + i];
      }
      mean[i] = (float) (sum / tokens);
    }
    return mean;
  }
}
