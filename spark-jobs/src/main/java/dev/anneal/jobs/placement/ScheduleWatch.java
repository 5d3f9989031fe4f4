package dev.anneal.jobs.placement;

import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerStageSubmitted;
import org.apache.spark.scheduler.SparkListenerTaskStart;

/**
 * Cancels the job when a stage attempt does not get its slots. Spark checks them at the first
 * submission only; after the loss of an executor it would wait for ever. Owns its thread.
 */
final class ScheduleWatch extends SparkListener {
  private static final String GROUP_PROPERTY = "spark.jobGroup.id";

  private final String group;
  private final ScheduleState state;
  private final Clock clock;
  private final AtomicInteger stage = new AtomicInteger(-1);
  private final AtomicReference<String> reason = new AtomicReference<>();
  private final ScheduledExecutorService timer;

  ScheduleWatch(String group, int ranks, Duration limit, Clock clock) {
    this.group = group;
    this.clock = clock;
    this.state = new ScheduleState(ranks, limit, clock.instant());
    this.timer =
        Executors.newSingleThreadScheduledExecutor(
            runnable -> {
              Thread thread = new Thread(runnable, "anneal-schedule-watch");
              thread.setDaemon(true);
              return thread;
            });
  }

  void start(SparkContext context) {
    context.addSparkListener(this);
    timer.scheduleWithFixedDelay(() -> look(context), 1, 1, TimeUnit.SECONDS);
  }

  void stop(SparkContext context) {
    timer.shutdownNow();
    context.removeSparkListener(this);
  }

  /** Why the job was cancelled, if it was. */
  Optional<String> overdue() {
    return Optional.ofNullable(reason.get());
  }

  private void look(SparkContext context) {
    Optional<String> late = state.overdue(clock.instant());
    if (late.isPresent() && reason.compareAndSet(null, late.get())) {
      context.cancelJobGroup(group);
    }
  }

  @Override
  public void onStageSubmitted(SparkListenerStageSubmitted event) {
    if (group.equals(event.properties().getProperty(GROUP_PROPERTY))) {
      stage.set(event.stageInfo().stageId());
      state.submitted(event.stageInfo().numTasks(), clock.instant());
    }
  }

  @Override
  public void onTaskStart(SparkListenerTaskStart event) {
    if (event.stageId() == stage.get()) {
      state.taskStarted();
    }
  }
}
