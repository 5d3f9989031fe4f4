package dev.anneal.jobs.cli;

import java.util.concurrent.TimeUnit;
import org.apache.hadoop.util.ShutdownHookManager;

/**
 * Something to do when the process ends while this is open. It runs as one of Hadoop's hooks,
 * before those that stop Spark (priority 40) and close Hadoop's file systems (10): after them
 * nothing can be written to HDFS or an object store. Thread-safe.
 */
final class LastWord implements AutoCloseable {
  private static final int PRIORITY = 100;

  /** Hadoop gives a hook 30 seconds otherwise; an object store may try again for longer. */
  private static final long LIMIT_SECONDS = 120;

  private final Runnable hook;

  private LastWord(Runnable hook) {
    this.hook = hook;
  }

  static LastWord on(Runnable end) {
    Runnable hook = end::run;
    ShutdownHookManager.get().addShutdownHook(hook, PRIORITY, LIMIT_SECONDS, TimeUnit.SECONDS);
    return new LastWord(hook);
  }

  @Override
  public void close() {
    try {
      ShutdownHookManager.get().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The process ends already, and the hook with it.
      return;
    }
  }
}
