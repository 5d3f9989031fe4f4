package dev.anneal.core.net;

import java.time.Duration;

/** A point on the monotonic clock by which something must be done. Immutable. */
public record Deadline(long nanoTime) {
  private static final Duration FOREVER = Duration.ofDays(100 * 365);

  /** The deadline that far from now. */
  public static Deadline after(Duration duration) {
    return new Deadline(System.nanoTime() + duration.toNanos());
  }

  /** A deadline that nobody lives to see. */
  public static Deadline never() {
    return after(FOREVER);
  }

  public boolean expired() {
    return remainingNanos() <= 0;
  }

  /** What is left in milliseconds: at least 1 until it expires, then 0; never above an int. */
  public int remainingMillis() {
    long nanos = remainingNanos();
    if (nanos <= 0) {
      return 0;
    }
    return (int) Math.min(Integer.MAX_VALUE, Math.max(1, nanos / 1_000_000));
  }

  /** The earlier of the two. */
  public Deadline earlier(Deadline other) {
    return nanoTime - other.nanoTime <= 0 ? this : other;
  }

  private long remainingNanos() {
    return nanoTime - System.nanoTime();
  }
}
