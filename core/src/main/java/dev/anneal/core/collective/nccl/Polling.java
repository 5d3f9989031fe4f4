package dev.anneal.core.collective.nccl;

import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Waits by asking: often at first, for what is soon done, then every 50 µs. */
final class Polling {
  private static final int EAGER = 200;
  private static final long PAUSE_NANOS = 50_000;

  private Polling() {}

  /**
   * Returns when it is done.
   *
   * @param unlessOver runs while it is not, and throws to end the wait
   */
  static void until(BooleanSupplier done, Runnable unlessOver) {
    for (int asked = 0; !done.getAsBoolean(); asked++) {
      unlessOver.run();
      if (asked < EAGER) {
        Thread.onSpinWait();
      } else {
        LockSupport.parkNanos(PAUSE_NANOS);
      }
    }
  }
}
