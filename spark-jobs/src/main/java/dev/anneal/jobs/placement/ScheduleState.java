package dev.anneal.jobs.placement;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** Whether all tasks of the newest stage attempt were started in time. Thread-safe. */
final class ScheduleState {
  private final Duration limit;
  private Instant since;
  private int tasks;
  private int started;
  private boolean running;

  ScheduleState(int ranks, Duration limit, Instant launched) {
    this.limit = limit;
    this.since = launched;
    this.tasks = ranks;
  }

  synchronized void submitted(int stageTasks, Instant at) {
    since = at;
    tasks = stageTasks;
    started = 0;
    running = false;
  }

  synchronized void taskStarted() {
    started++;
    running = started >= tasks;
  }

  /** What to tell the user when the tasks are late. */
  synchronized Optional<String> overdue(Instant now) {
    if (running || Duration.between(since, now).compareTo(limit) <= 0) {
      return Optional.empty();
    }
    return Optional.of(
        "Cannot place the ranks: "
            + started
            + " of "
            + tasks
            + " were scheduled within "
            + limit.toSeconds()
            + " s (executors lost or excluded? see distributed.schedule_timeout_seconds)");
  }
}
