package dev.anneal.core.model;

import dev.anneal.core.tensor.CounterRandom;

/**
 * NEFTune (Jain et al., 2023, arXiv 2310.05914): in training each value of the embedding's output
 * gets noise, uniform in ±alpha ÷ √(L·d), with L tokens of the sample and d values of a token.
 * Packed samples have each their own L. Immutable.
 *
 * @param alpha 0 for none
 */
public record InputNoise(double alpha) {
  public static final InputNoise NONE = new InputNoise(0);

  public InputNoise {
    if (!(alpha >= 0 && Double.isFinite(alpha))) {
      throw new IllegalArgumentException("Invalid noise: " + alpha + " (must be >= 0)");
    }
  }

  boolean present() {
    return alpha > 0;
  }

  /** What keeps these draws apart from those of masks; 52 bits, exact in fp64. */
  static double place() {
    return CounterRandom.of(0, "input noise").bits(0) >>> 12;
  }

  /**
   * The bound of each token's noise, [N].
   *
   * @param virtualRows of a sample, which have no noise and are not counted in L
   */
  float[] scales(MicroBatch batch, long hiddenSize, int virtualRows) {
    float[] scales = new float[batch.tokenCount()];
    int at = 0;
    for (long length : batch.sequenceLengths()) {
      float scale = (float) (alpha / Math.sqrt((double) (length - virtualRows) * hiddenSize));
      for (int i = 0; i < length; i++) {
        scales[at++] = scale;
      }
    }
    return scales;
  }
}
