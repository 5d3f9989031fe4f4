package dev.anneal.core.peft.diff;

import java.util.Arrays;
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

  /**
   * @param names of the differences
   * @param values of one of them
   */
  public static KeptDifferences of(
      List<String> names, Function<String, float[]> values, double fraction) {
    float[] sizes = new float[0];
    for (String name : names) {
      float[] more = values.apply(name);
      int end = sizes.length;
      sizes = Arrays.copyOf(sizes, Math.addExact(end, more.length));
      for (int i = 0; i < more.length; i++) {
        sizes[end + i] = Math.abs(more[i]);
      }
    }
    int most = (int) (fraction * sizes.length);
    float bound = 0;
    if (most < sizes.length) {
      Arrays.parallelSort(sizes);
      bound = sizes[sizes.length - most - 1];
    }
    long kept = 0;
    for (float size : sizes) {
      kept += size > bound ? 1 : 0;
    }
    KeptDifferences chosen = new KeptDifferences(bound, kept, sizes.length);
    LOG.info(
        "diff_pruning kept={} elements={} fraction={}",
        kept,
        sizes.length,
        String.format(Locale.ROOT, "%.6f", kept / (double) sizes.length));
    return chosen;
  }

  /** Sets to 0 what is not saved. */
  public void cut(float[] values) {
    for (int i = 0; i < values.length; i++) {
      if (Math.abs(values[i]) <= bound) {
        values[i] = 0;
      }
    }
  }
}
