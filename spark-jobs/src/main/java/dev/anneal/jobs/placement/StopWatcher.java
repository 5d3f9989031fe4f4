package dev.anneal.jobs.placement;

import dev.anneal.core.collective.Collective;
import dev.anneal.core.collective.GroupFailure;
import dev.anneal.core.control.Periodic;
import java.time.Duration;
import org.apache.spark.TaskContext;

/**
 * Passes Spark's wish to stop a task on to the collective: a thread in a socket or in native code
 * would not notice. Owns its thread.
 */
final class StopWatcher implements AutoCloseable {
  private static final Duration PERIOD = Duration.ofMillis(200);

  private final Periodic looks;

  private StopWatcher(Periodic looks) {
    this.looks = looks;
  }

  static StopWatcher start(TaskContext task, Collective collective, int rank) {
    GroupFailure stopped = GroupFailure.passing("rank " + rank + " was stopped by Spark");
    Runnable look =
        () -> {
          if (task.isInterrupted()) {
            collective.abort(stopped);
          }
        };
    return new StopWatcher(Periodic.start("anneal-stop-watcher-" + rank, PERIOD, look));
  }

  @Override
  public void close() {
    looks.close();
  }
}
