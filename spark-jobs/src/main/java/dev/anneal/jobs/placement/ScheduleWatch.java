package dev.anneal.jobs.placement;

import dev.anneal.core.control.Periodic;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
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
  private static final Duration PERIOD = Duration.ofSeconds(1);

  private final String group;
  private final ScheduleState state;
  private final Clock clock;
  private final AtomicInteger stage = new AtomicInteger(-1);
  private final AtomicReference<String> reason = new AtomicReference<>();
  private Optional<Periodic> looks = Optional.empty();

  ScheduleWatch(String group, int ranks, Duration limit, Clock clock) {
    this.group = group;
    this.clock = clock;
    this.state = new ScheduleState(ranks, limit, clock.instant());
  }

  void start(SparkContext context) {
    context.addSparkListener(this);
    looks = Optional.of(Periodic.start("anneal-schedule-watch", PERIOD, () -> look(context)));
  }

  void stop(SparkContext context) {
    looks.ifPresent(Periodic::close);
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
