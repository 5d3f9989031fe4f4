package dev.anneal.core.model.fourbit;

import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * The 16 values that 4 bits stand for, each a share of its block's largest magnitude, by
 * bitsandbytes' tables. Immutable.
 *
 * <p>NF4 (QLoRA, arXiv:2305.14314): quantiles of a normal distribution, so that each code is as
 * likely as any other where weights are normal. FP4: a sign, two bits of exponent, one of mantissa.
 */
public enum FourBitType {
  NF4(
      new float[] {
        -1.0f,
        -0.6961928009986877f,
        -0.5250730514526367f,
        -0.39491748809814453f,
        -0.28444138169288635f,
        -0.18477343022823334f,
        -0.09105003625154495f,
        0.0f,
        0.07958029955625534f,
        0.16093020141124725f,
        0.24611230194568634f,
        0.33791524171829224f,
        0.44070982933044434f,
        0.5626170039176941f,
        0.7229568362236023f,
        1.0f
      }),
  FP4(twelfths(0, 0.0625f, 8, 12, 4, 6, 2, 3, 0, -0.0625f, -8, -12, -4, -6, -2, -3));

  /** Steps of 1/128 over [-1, 1] that say where the search for a code begins. */
  private static final int STEPS = 256;

  private static final float STEPS_A_UNIT = STEPS / 2f;

  private final float[] values;
  private final int[] codeOfRank;
  private final float[] bounds;
  private final int[] firstRank;

  FourBitType(float[] values) {
    this.values = values;
    // of equal values the lower code first, as a stable sort has it
    this.codeOfRank =
        IntStream.range(0, values.length)
            .boxed()
            .sorted(Comparator.comparingDouble((Integer code) -> values[code]))
            .mapToInt(Integer::intValue)
            .toArray();
    this.bounds = new float[values.length - 1];
    for (int i = 0; i < bounds.length; i++) {
      bounds[i] = (values[codeOfRank[i]] + values[codeOfRank[i + 1]]) / 2;
    }
    this.firstRank = new int[STEPS + 1];
    for (int step = 0; step <= STEPS; step++) {
      // a little below the step's lower edge, for sums that round up into it
      firstRank[step] = rankFrom(0, step / STEPS_A_UNIT - 1 - 1e-6f);
    }
  }

  private static float[] twelfths(float... values) {
    for (int i = 0; i < values.length; i++) {
      values[i] /= 12;
    }
    return values;
  }

  private int rankFrom(int first, float value) {
    int rank = first;
    while (rank < bounds.length && bounds[rank] < value) {
      rank++;
    }
    return rank;
  }

  /** The nearest value's code; halfway the lower value's. */
  int code(float share) {
    return codeOfRank[rankFrom(firstRank[(int) ((share + 1) * STEPS_A_UNIT)], share)];
  }

  /** What a code from 0 to 15 stands for. */
  public float value(int code) {
    return values[code];
  }

  /**
   * The two values of each byte, the high half's first, as the bits of one fp64: a program looks
   * both up at once.
   */
  public double[] pairs() {
    double[] pairs = new double[256];
    for (int i = 0; i < pairs.length; i++) {
      long first = Integer.toUnsignedLong(Float.floatToRawIntBits(values[i >> 4]));
      long second = Integer.toUnsignedLong(Float.floatToRawIntBits(values[i & 15]));
      pairs[i] = Double.longBitsToDouble(second << 32 | first);
    }
    return pairs;
  }
}
