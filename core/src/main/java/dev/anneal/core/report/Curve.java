package dev.anneal.core.report;

import dev.anneal.core.run.StepMetrics;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** One line of a chart: values over steps, NaN where there is none. */
record Curve(String name, Look look, double[] steps, double[] values) {

  /** How it is drawn; the lower-case name is its CSS class. */
  enum Look {
    LINE,
    FAINT,
    DOTS
  }

  Curve {
    if (steps.length != values.length) {
      throw new IllegalArgumentException(
          "Invalid values: " + values.length + " (expected " + steps.length + " as steps)");
    }
  }

  static Curve of(
      String name, Look look, List<StepMetrics> metrics, ToDoubleFunction<StepMetrics> value) {
    return new Curve(
        name,
        look,
        metrics.stream().mapToDouble(StepMetrics::step).toArray(),
        metrics.stream().mapToDouble(value).toArray());
  }

  /**
   * A running mean with exponential weights over about {@code window} steps, looking as far ahead
   * as back so that the curve does not lag behind a falling loss.
   */
  Curve smoothed(String smoothedName, double window) {
    double keep = 1 - 2 / (window + 1);
    double[] sums = new double[values.length];
    double[] weights = new double[values.length];
    addDecayed(keep, sums, weights, 0, 1);
    addDecayed(keep, sums, weights, values.length - 1, -1);
    double[] means = new double[values.length];
    Arrays.setAll(means, i -> weights[i] > 0 ? sums[i] / weights[i] : Double.NaN);
    return new Curve(smoothedName, Look.LINE, steps, means);
  }

  private void addDecayed(double keep, double[] sums, double[] weights, int from, int direction) {
    double sum = 0;
    double weight = 0;
    for (int i = from; i >= 0 && i < values.length; i += direction) {
      boolean present = Double.isFinite(values[i]);
      sum = sum * keep + (present ? values[i] : 0);
      weight = weight * keep + (present ? 1 : 0);
      sums[i] += sum;
      weights[i] += weight;
    }
  }

  /**
   * At most about {@code points} points: of every stretch of steps the lowest and the highest value
   * stay, and every gap, so that no spike is lost.
   */
  Curve thinned(int points) {
    if (values.length <= points) {
      return this;
    }
    int buckets = Math.max(1, (points - 2) / 2);
    int[] kept = new int[2 * buckets + 2];
    int count = 0;
    kept[count++] = 0;
    for (int b = 0; b < buckets; b++) {
      int from = Math.toIntExact((long) values.length * b / buckets);
      int to = Math.toIntExact((long) values.length * (b + 1) / buckets);
      int low = from;
      int high = from;
      for (int i = from; i < to; i++) {
        low = Double.compare(values[i], values[low]) < 0 ? i : low;
        high = Double.compare(values[i], values[high]) > 0 ? i : high;
      }
      kept[count++] = Math.min(low, high);
      kept[count++] = Math.max(low, high);
    }
    kept[count] = values.length - 1;
    int[] order = Arrays.stream(kept).distinct().toArray();
    return new Curve(
        name,
        look,
        Arrays.stream(order).mapToDouble(i -> steps[i]).toArray(),
        Arrays.stream(order).mapToDouble(i -> values[i]).toArray());
  }

  double[] finite() {
    return Arrays.stream(values).filter(Double::isFinite).toArray();
  }
}
