package dev.anneal.jobs.placement;

import dev.anneal.core.control.Periodic;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobEnd;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.scheduler.SparkListenerStageSubmitted;
import org.apache.spark.scheduler.SparkListenerTaskStart;

/**
 * Follows one Spark job: counts the attempts of its stage, and cancels it when an attempt does not
 * get its slots. Spark checks them at the first submission only; after the loss of an executor it
 * would wait for ever. Owns its thread.
 */
final class ScheduleWatch extends SparkListener {
  private static final String GROUP_PROPERTY = "spark.jobGroup.id";
  private static final Duration PERIOD = Duration.ofSeconds(1);
  private static final long EVENTS_SECONDS = 10;

  /** More than a stage can have had while its events were under way. */
  private static final int UNSEEN_ATTEMPTS = 1000;

  private final String group;
  private final ScheduleState state;
  private final Clock clock;
  private final BooleanSupplier cancelled;
  private final AtomicInteger job = new AtomicInteger(-1);
  private final AtomicInteger stage = new AtomicInteger(-1);
  private final AtomicInteger lastAttempt = new AtomicInteger(-1);
  private final CountDownLatch ended = new CountDownLatch(1);
  private final AtomicReference<String> reason = new AtomicReference<>();
  private Optional<Periodic> looks = Optional.empty();

  /**
   * @param cancelled whether the job is not wanted any more; asked again and again, for Spark
   *     forgets a cancellation that comes before the job
   */
  ScheduleWatch(String group, ScheduleState state, Clock clock, BooleanSupplier cancelled) {
    this.group = group;
    this.clock = clock;
    this.cancelled = cancelled;
    this.state = state;
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

  /**
   * How many attempts the stage of the ended job had, at the least. Spark's events come late, the
   * job's end last.
   */
  int attempts() {
    try {
      if (!ended.await(EVENTS_SECONDS, TimeUnit.SECONDS)) {
        return lastAttempt.get() + UNSEEN_ATTEMPTS;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return lastAttempt.get() + 1;
  }

  private void look(SparkContext context) {
    Optional<String> late = state.overdue(clock.instant());
    if (late.isPresent() && reason.compareAndSet(null, late.get()) || cancelled.getAsBoolean()) {
      context.cancelJobGroup(group);
    }
  }

  private boolean ofGroup(Properties properties) {
    return properties != null && group.equals(properties.getProperty(GROUP_PROPERTY));
  }

  @Override
  public void onJobStart(SparkListenerJobStart event) {
    if (ofGroup(event.properties())) {
      job.set(event.jobId());
    }
  }

  @Override
  public void onJobEnd(SparkListenerJobEnd event) {
    if (event.jobId() == job.get()) {
      ended.countDown();
    }
  }

  @Override
  public void onStageSubmitted(SparkListenerStageSubmitted event) {
    if (ofGroup(event.properties())) {
      stage.set(event.stageInfo().stageId());
      lastAttempt.accumulateAndGet(event.stageInfo().attemptNumber(), Math::max);
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
