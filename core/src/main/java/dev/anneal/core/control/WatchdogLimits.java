package dev.anneal.core.control;

import java.time.Duration;

/**
 * How long the driver waits. Immutable.
 *
 * @param schedule until the first rank has joined
 * @param join from then until all have
 * @param progress without a sign of progress of any rank
 */
public record WatchdogLimits(Duration schedule, Duration join, Duration progress) {
  public WatchdogLimits {
    requirePositive("schedule timeout", schedule);
    requirePositive("join timeout", join);
    requirePositive("progress timeout", progress);
  }

  private static void requirePositive(String name, Duration value) {
    if (value.isZero() || value.isNegative()) {
      throw new IllegalArgumentException("Invalid " + name + ": " + value + " (must be > 0)");
    }
  }
}
