package dev.anneal.core.model.fourbit;

import java.util.Arrays;

/**
 * bitsandbytes' signed dynamic 8-bit type (arXiv:1511.04561): 256 values of [-1, 1], closer to each
 * other the nearer they are to zero. Over seven powers of ten, 2^i means of neighbours among 2^i +
 * 1 even steps from 0.1 to 1; zero and one. Immutable.
 */
public final class DynamicMap {
  private static final int POWERS = 7;
  private static final int SIZE = 256;

  /** Codes are looked up by the nearest of as many even steps over [-1, 1]. */
  private static final int STEPS = 65535;

  private final float[] values;
  private final byte[] codes = new byte[STEPS + 1];

  public DynamicMap() {
    this.values = signed();
    int code = 0;
    for (int step = 0; step <= STEPS; step++) {
      float share = -1f + 2f * step / STEPS;
      while (code < SIZE - 1 && 0.5f * (values[code] + values[code + 1]) < share) {
        code++;
      }
      codes[step] = (byte) code;
    }
  }

  private static float[] signed() {
    float[] values = new float[SIZE];
    int at = 0;
    for (int power = 0; power < POWERS; power++) {
      float scale = (float) Math.pow(10, power - POWERS + 1.0);
      float[] ends = steps((1 << power) + 1);
      for (int i = 0; i < ends.length - 1; i++) {
        float mean = scale * ((ends[i] + ends[i + 1]) / 2);
        values[at++] = mean;
        values[at++] = -mean;
      }
    }
    values[at++] = 0;
    values[at] = 1;
    Arrays.sort(values);
    return values;
  }

  /** Even steps from 0.1 to 1, counted from the nearer end. */
  private static float[] steps(int count) {
    float[] steps = new float[count];
    float step = (1 - 0.1f) / (count - 1);
    for (int i = 0; i < count; i++) {
      steps[i] =
          i < count / 2 ? Math.fma(step, i, 0.1f) : Math.fma(-step, (float) (count - 1 - i), 1f);
    }
    return steps;
  }

  /** What the codes 0 to 255 stand for, in ascending order. */
  public float[] values() {
    return values.clone();
  }

  /** The code of a value of [-1, 1]. */
  byte code(float share) {
    float clamped = Math.max(-1, Math.min(1, share));
    return codes[(int) Math.fma((clamped + 1) * 0.5f, (float) STEPS, 0.5f)];
  }
}
