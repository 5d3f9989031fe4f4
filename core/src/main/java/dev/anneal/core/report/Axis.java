package dev.anneal.core.report;

import java.util.ArrayList;
import java.util.List;

/** A linear scale from values to positions with ticks at round numbers. */
record Axis(double low, double high, double start, double end) {

  /** Covers a range; one with no width is widened, so that a single value lies in the middle. */
  static Axis covering(double low, double high, double start, double end) {
    if (high > low) {
      return new Axis(low, high, start, end);
    }
    double margin = low == 0 ? 1 : Math.abs(low);
    return new Axis(low - margin, low + margin, start, end);
  }

  double position(double value) {
    return start + (value - low) / (high - low) * (end - start);
  }

  /** Multiples of 1, 2 or 5 times a power of ten, about as many as wanted. */
  List<Double> ticks(int wanted) {
    double step = roundStep((high - low) / wanted);
    List<Double> ticks = new ArrayList<>();
    for (long i = (long) Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) {
      ticks.add(i * step);
    }
    return ticks;
  }

  /** As {@link #ticks}, whole numbers only: for steps. */
  List<Double> wholeTicks(int wanted) {
    return ticks(wanted).stream().filter(tick -> tick == Math.rint(tick)).toList();
  }

  private static double roundStep(double rough) {
    double power = Math.pow(10, Math.floor(Math.log10(rough)));
    double leading = rough / power;
    if (leading < 1.5) {
      return power;
    }
    if (leading < 3.5) {
      return 2 * power;
    }
    return leading < 7.5 ? 5 * power : 10 * power;
  }
}
