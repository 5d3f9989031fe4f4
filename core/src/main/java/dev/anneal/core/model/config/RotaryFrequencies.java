package dev.anneal.core.model.config;

/**
 * Inverse frequencies of the rotary embedding: element i is {@code theta^(-2i/headDim)}, stretched
 * by the {@link RopeScaling}. Powers are taken in fp64 and rounded once to fp32.
 */
public final class RotaryFrequencies {
  private RotaryFrequencies() {}

  /** {@code headDim / 2} frequencies. */
  public static float[] inverse(double theta, RopeScaling scaling, int headDim) {
    if (headDim <= 0 || headDim % 2 != 0) {
      throw new IllegalArgumentException(
          "Invalid head_dim: " + headDim + " (must be even and > 0)");
    }
    float[] frequencies = new float[headDim / 2];
    for (int i = 0; i < frequencies.length; i++) {
      float exponent = (float) (2 * i) / headDim;
      frequencies[i] = scaling.scaled(1f / (float) Math.pow((float) theta, exponent));
    }
    return frequencies;
  }
}
