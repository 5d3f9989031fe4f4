package dev.anneal.core.model.config;

/**
 * How the inverse frequencies of the rotary embedding are stretched for longer contexts ({@code
 * rope_type}). The arithmetic is fp32 in the order in which transformers does it, so that the
 * frequencies agree.
 */
public sealed interface RopeScaling {
  /** {@code rope_type} of config.json. */
  String ropeType();

  float scaled(float inverseFrequency);

  /** {@code rope_type} default: not stretched. */
  record None() implements RopeScaling {
    @Override
    public String ropeType() {
      return "default";
    }

    @Override
    public float scaled(float inverseFrequency) {
      return inverseFrequency;
    }
  }

  /** {@code rope_type} linear: every frequency over {@code factor}. */
  record Linear(double factor) implements RopeScaling {
    public Linear {
      requirePositive("factor", factor);
    }

    @Override
    public String ropeType() {
      return "linear";
    }

    @Override
    public float scaled(float inverseFrequency) {
      return inverseFrequency / (float) factor;
    }
  }

  /**
   * {@code rope_type} llama3: wave lengths above {@code originalMaxPositions ÷ lowFrequencyFactor}
   * are stretched by {@code factor}, those below {@code ÷ highFrequencyFactor} stay, and between
   * the two the frequency is interpolated.
   */
  record Llama3(
      double factor,
      double lowFrequencyFactor,
      double highFrequencyFactor,
      int originalMaxPositions)
      implements RopeScaling {
    public Llama3 {
      requirePositive("factor", factor);
      requirePositive("low_freq_factor", lowFrequencyFactor);
      requirePositive("original_max_position_embeddings", originalMaxPositions);
      if (highFrequencyFactor <= lowFrequencyFactor) {
        throw new IllegalArgumentException(
            "Invalid high_freq_factor: "
                + highFrequencyFactor
                + " (must be > low_freq_factor "
                + lowFrequencyFactor
                + ")");
      }
    }

    @Override
    public String ropeType() {
      return "llama3";
    }

    @Override
    public float scaled(float inverseFrequency) {
      float waveLength = (1f / inverseFrequency) * (float) (2 * Math.PI);
      if (waveLength > (float) (originalMaxPositions / lowFrequencyFactor)) {
        return inverseFrequency / (float) factor;
      }
      if (waveLength < (float) (originalMaxPositions / highFrequencyFactor)) {
        return inverseFrequency;
      }
      float smooth =
          ((1f / waveLength) * originalMaxPositions - (float) lowFrequencyFactor)
              / (float) (highFrequencyFactor - lowFrequencyFactor);
      return (1f - smooth) * inverseFrequency / (float) factor + smooth * inverseFrequency;
    }
  }

  private static void requirePositive(String key, double value) {
    if (!(value > 0)) {
      throw new IllegalArgumentException("Invalid " + key + ": " + value + " (must be > 0)");
    }
  }
}
