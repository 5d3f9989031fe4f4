package dev.anneal.core.peft.diff;

import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which elements of all differences are saved: of all together at most a fraction, the largest by
 * magnitude. Immutable.
 *
 * @param bound the largest magnitude that is not saved
 * @param kept how many are
 * @param elements how many there are
 */
public record KeptDifferences(float bound, long kept, long elements) {
  private static final Logger LOG = LoggerFactory.getLogger(KeptDifferences.class);

  /** Magnitudes are in the order of their bits; the lower ones are looked at in a second pass. */
  private static final int LOW_BITS = 15;

  private static final int LOW = (1 << LOW_BITS) - 1;

  /**
   * Holds one difference at a time.
   *
   * @param names of the differences
   * @param values of one of them
   */
  public static KeptDifferences of(
      List<String> names, Function<String, float[]> values, double fraction) {
    long elements = 0;
    long[] high = new long[1 << (Integer.SIZE - 1 - LOW_BITS)];
    for (String name : names) {
      for (float value : values.apply(name)) {
        high[bits(value) >>> LOW_BITS]++;
        elements++;
      }
    }
    long dropped = elements - (long) (fraction * elements);
    float bound = dropped == 0 ? 0 : smallest(dropped, high, names, values);
    long kept = 0;
    for (String name : names) {
      for (float value : values.apply(name)) {
        kept += Math.abs(value) > bound ? 1 : 0;
      }
    }
    String share = String.format(Locale.ROOT, "%.6f", kept / (double) elements);
    LOG.info("diff_pruning kept={} elements={} fraction={}", kept, elements, share);
    return new KeptDifferences(bound, kept, elements);
  }

  private static int bits(float value) {
    return Float.floatToRawIntBits(Math.abs(value));
  }

  /** The magnitude that many of all are at most. */
  private static float smallest(
      long count, long[] high, List<String> names, Function<String, float[]> values) {
    int upper = 0;
    long left = count;
    while (high[upper] < left) {
      left -= high[upper++];
    }
    long[] low = new long[1 << LOW_BITS];
    for (String name : names) {
      for (float value : values.apply(name)) {
        int bits = bits(value);
        if (bits >>> LOW_BITS == upper) {
          low[bits & LOW]++;
        }
      }
    }
    int lower = 0;
    while (low[lower] < left) {
      left -= low[lower++];
    }
    return Float.intBitsToFloat(upper << LOW_BITS | lower);
  }

  /** Sets to 0 what is not saved. */
  public void cut(float[] values) {
    for (int i = 0; i < values.length; i++) {
      if (Math.abs(values[i]) <= bound) {
        values[i] = 0;
      }
    }
  }

  /**
   * A difference with its gates closed or open as they are without noise, in place.
   *
   * @param alpha locations of the elements' gates
   * @param group what the whole matrix is multiplied with
   */
  public static float[] gated(float[] difference, float[] alpha, float group) {
    for (int i = 0; i < difference.length; i++) {
      difference[i] *= gate(alpha[i]) * group;
    }
    return difference;
  }

  /** The gate of a location without noise. */
  public static float gate(float alpha) {
    double stretched = 3 / (1 + Math.exp(-alpha)) - 1.5;
    return (float) Math.max(0, Math.min(1, stretched));
  }
}
