package dev.anneal.core.collective.tcp;

import java.time.Duration;

/**
 * How long the ring waits. Immutable.
 *
 * @param join until all ranks have found each other
 * @param operation without progress in one operation; must cover what the slowest rank may do
 *     between two operations, such as writing a checkpoint
 */
public record TcpTimeouts(Duration join, Duration operation) {
  public TcpTimeouts {
    requirePositive("join timeout", join);
    requirePositive("operation timeout", operation);
  }

  private static void requirePositive(String name, Duration value) {
    if (value.isZero() || value.isNegative()) {
      throw new IllegalArgumentException("Invalid " + name + ": " + value + " (must be > 0)");
    }
  }
}
