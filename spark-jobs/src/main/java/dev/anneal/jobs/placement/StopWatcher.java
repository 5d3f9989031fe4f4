package dev.anneal.jobs.placement;

import dev.anneal.core.collective.Collective;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.spark.TaskContext;

/**
 * Passes Spark's wish to stop a task on to the collective: a thread in a socket or in native code
 * would not notice. Owns its thread.
 */
final class StopWatcher implements AutoCloseable {
  private static final long PERIOD_MILLIS = 200;

  private final ScheduledExecutorService timer;

  private StopWatcher(ScheduledExecutorService timer) {
    this.timer = timer;
  }

  static StopWatcher start(TaskContext task, Collective collective, int rank) {
    ScheduledExecutorService timer =
        Executors.newSingleThreadScheduledExecutor(
            runnable -> {
              Thread thread = new Thread(runnable, "anneal-stop-watcher-" + rank);
              thread.setDaemon(true);
              return thread;
            });
    timer.scheduleWithFixedDelay(
        () -> {
          if (task.isInterrupted()) {
            collective.abort("rank " + rank + " was stopped by Spark");
            timer.shutdown();
          }
        },
        PERIOD_MILLIS,
        PERIOD_MILLIS,
        TimeUnit.MILLISECONDS);
    return new StopWatcher(timer);
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }
}
