package dev.anneal.core.collective.nccl;

import java.time.Duration;

/**
 * How long ranks wait for each other. Immutable.
 *
 * @param join until all ranks are in the communicator
 * @param operation in an operation that all ranks have entered
 */
public record NcclTimeouts(Duration join, Duration operation) {
  public NcclTimeouts {
    requirePositive("join timeout", join);
    requirePositive("operation timeout", operation);
  }

  private static void requirePositive(String name, Duration value) {
    if (value.isZero() || value.isNegative()) {
      throw new IllegalArgumentException("Invalid " + name + ": " + value + " (must be > 0)");
    }
  }
}
