package dev.anneal.core.model.fourbit;

/**
 * The sum of fp32 values in the order in which libtorch adds them on one thread, whatever this
 * machine has: 8 lanes, 4 of such vectors side by side, partial sums on four levels. bitsandbytes
 * takes a mean by it that is part of the values. Stateless.
 */
final class CascadeSum {
  private static final int LANES = 8;
  private static final int VECTORS = 4;
  private static final int ROW = LANES * VECTORS;
  private static final int LEVELS = 4;

  private CascadeSum() {}

  static float mean(float[] values) {
    return of(values) / values.length;
  }

  private static float of(float[] values) {
    float[] lanes = rows(values, values.length / ROW);
    int vectors = values.length / LANES;
    for (int at = values.length / ROW * VECTORS; at < vectors; at++) {
      for (int lane = 0; lane < LANES; lane++) {
        lanes[lane] += values[at * LANES + lane];
      }
    }
    for (int i = LANES; i < ROW; i++) {
      lanes[i % LANES] += lanes[i];
    }
    float sum = 0;
    for (int i = vectors * LANES; i < values.length; i++) {
      sum += values[i];
    }
    for (int lane = 0; lane < LANES; lane++) {
      sum += lanes[lane];
    }
    return sum;
  }

  /** The sums of each column of so many rows of 32 values. */
  private static float[] rows(float[] values, int count) {
    int bits = Math.max(4, ceilLog2(count) / LEVELS);
    int step = 1 << bits;
    float[][] levels = new float[LEVELS][ROW];
    int row = 0;
    while (row + step <= count) {
      for (int end = row + step; row < end; row++) {
        add(levels[0], values, row * ROW);
      }
      for (int level = 1; level < LEVELS; level++) {
        add(levels[level], levels[level - 1], 0);
        java.util.Arrays.fill(levels[level - 1], 0);
        if ((row & (long) (step - 1) << level * bits) != 0) {
          break;
        }
      }
    }
    for (; row < count; row++) {
      add(levels[0], values, row * ROW);
    }
    for (int level = 1; level < LEVELS; level++) {
      add(levels[0], levels[level], 0);
    }
    return levels[0];
  }

  private static void add(float[] sums, float[] values, int from) {
    for (int i = 0; i < ROW; i++) {
      sums[i] += values[from + i];
    }
  }

  private static int ceilLog2(int value) {
    return value <= 2 ? 1 : Integer.SIZE - Integer.numberOfLeadingZeros(value - 1);
  }
}
