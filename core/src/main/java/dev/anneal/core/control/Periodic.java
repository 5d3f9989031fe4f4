package dev.anneal.core.control;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Something done again and again on a daemon thread of its own. A time that fails is logged and
 * does not end it: a guard that is silently dead guards nothing. Thread-safe; {@link #close} may
 * also be called by the task itself.
 */
public final class Periodic implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Periodic.class);

  private final ScheduledExecutorService timer;

  private Periodic(ScheduledExecutorService timer) {
    this.timer = timer;
  }

  /**
   * Starts, with the first time after one period.
   *
   * @param name of the thread
   * @param period from the end of one time to the beginning of the next
   */
  public static Periodic start(String name, Duration period, Runnable task) {
    ScheduledExecutorService timer =
        Executors.newSingleThreadScheduledExecutor(
            runnable -> {
              Thread thread = new Thread(runnable, name);
              thread.setDaemon(true);
              return thread;
            });
    timer.scheduleWithFixedDelay(
        () -> once(name, task), period.toMillis(), period.toMillis(), TimeUnit.MILLISECONDS);
    return new Periodic(timer);
  }

  private static void once(String name, Runnable task) {
    try {
      task.run();
    } catch (RuntimeException | Error e) {
      LOG.error("thread={} event=failed, will try again", name, e);
    }
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }
}
