package dev.anneal.core.collective.tcp;

import java.time.Duration;

/**
 * How long ranks wait for each other. Immutable.
 *
 * @param join until all ranks have found each other
 * @param operation without a byte moved in an operation that all ranks have entered
 * @param silence without a sign of life of another rank's process, which gives several in that time
 *     whatever its rank computes
 */
public record TcpTimeouts(Duration join, Duration operation, Duration silence) {
  private static final Duration SILENCE = Duration.ofSeconds(30);

  public TcpTimeouts {
    requirePositive("join timeout", join);
    requirePositive("operation timeout", operation);
    requirePositive("silence", silence);
  }

  /** With the silence of half a minute after which a host counts as lost. */
  public TcpTimeouts(Duration join, Duration operation) {
    this(join, operation, SILENCE);
  }

  private static void requirePositive(String name, Duration value) {
    if (value.isZero() || value.isNegative()) {
      throw new IllegalArgumentException("Invalid " + name + ": " + value + " (must be > 0)");
    }
  }
}
