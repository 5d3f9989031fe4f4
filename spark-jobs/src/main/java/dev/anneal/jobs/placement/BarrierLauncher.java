package dev.anneal.jobs.placement;

import dev.anneal.core.config.DistributedConfig;
import dev.anneal.core.config.Redaction;
import dev.anneal.core.net.GroupIdentity;
import dev.anneal.jobs.failure.ExitCode;
import dev.anneal.jobs.failure.Failure;
import dev.anneal.jobs.failure.RankFailedException;
import dev.anneal.jobs.task.JavaBytes;
import java.io.Serializable;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.SparkSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/**
 * Runs one barrier task a rank and brings their results back. Spark starts all ranks again, as a
 * new stage attempt, when an executor is lost, and gives up after so many losses, however far
 * apart; where the ranks had made progress, they are started anew as another Spark job. A rank that
 * fails for a reason of its own ends the run. Used by the driver's main thread.
 */
public final class BarrierLauncher {
  private static final Logger LOG = LoggerFactory.getLogger(BarrierLauncher.class);

  /** What Spark says when a stage was lost spark.stage.maxConsecutiveAttempts times. */
  private static final String TOO_OFTEN = "maximum allowable number of times";

  private final SparkSession spark;
  private final DistributedConfig config;
  private final NativeFolder natives;
  private final DevicePlan devices;
  private final GroupIdentity identity;
  private final boolean secretTravels;
  private final AtomicBoolean cancelled = new AtomicBoolean();

  public BarrierLauncher(SparkSession spark, DistributedConfig config, NativeFolder natives) {
    this.spark = spark;
    this.config = config;
    this.natives = natives;
    this.devices = DevicePlan.of(config, spark.sparkContext().getConf());
    String sparkSecret = SparkEnv.get().securityManager().getSecretKey();
    this.secretTravels = sparkSecret == null;
    this.identity =
        new GroupIdentity(
            UUID.randomUUID().toString(),
            0,
            secretTravels ? GroupIdentity.newSecret() : sparkSecret);
  }

  /** Run id and secret of the run, for a channel between the driver and its ranks. */
  public GroupIdentity identity() {
    return identity;
  }

  /** Runs the ranks of a work that is lost as a whole with an executor. */
  public <T extends Serializable> List<T> run(RankTask<T> work) {
    return run(work, () -> 0);
  }

  /**
   * Runs the ranks and returns what they gave, by rank.
   *
   * @param progress grows with what the ranks have saved; losses add up only while it does not
   * @throws dev.anneal.core.config.ConfigException with every reason why the ranks cannot be placed
   * @throws RankFailedException when a rank failed, or Spark could not keep the ranks running
   */
  public <T extends Serializable> List<T> run(RankTask<T> work, LongSupplier progress) {
    SparkContext context = spark.sparkContext();
    new Preflight(config).check(context);
    int attempt = 0;
    while (true) {
      long saved = progress.getAsLong();
      ScheduleWatch watch =
          new ScheduleWatch(
              group(),
              new ScheduleState(config.worldSize(), config.scheduleTimeout(), Instant.now()),
              Clock.systemUTC(),
              cancelled::get);
      try {
        watch.start(context);
        return values(collect(context, work, attempt));
      } catch (LostException e) {
        boolean goesOn = e.again() && !cancelled.get() && watch.overdue().isEmpty();
        if (!goesOn || progress.getAsLong() <= saved) {
          throw lost(e.getCause(), watch.overdue());
        }
        attempt += watch.attempts();
        LOG.warn(
            "attempt={} the ranks were lost again, and had gone on in between: {}",
            attempt,
            Redaction.text(reason(e.getCause())));
      } finally {
        watch.stop(context);
      }
    }
  }

  /** Spark could not bring the outcomes of the ranks back. */
  private static final class LostException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    LostException(Exception cause) {
      super(cause);
    }

    @Override
    public synchronized Exception getCause() {
      return (Exception) super.getCause();
    }

    /** Whether it was by one loss of executors too many. */
    boolean again() {
      return String.valueOf(getCause().getMessage()).contains(TOO_OFTEN);
    }
  }

  /** One Spark job: as many attempts of the stage as Spark grants. */
  private <T extends Serializable> List<RankOutcome<T>> collect(
      SparkContext context, RankTask<T> work, int firstAttempt) {
    context.setJobGroup(group(), config.worldSize() + " ranks", true);
    try {
      return outcomes(stage(context, work, firstAttempt).collect());
    } catch (Exception e) {
      throw new LostException(e);
    } finally {
      context.clearJobGroup();
    }
  }

  private String group() {
    return "anneal-" + identity.runId();
  }

  /** Ends the ranks from another thread: {@link #run} then throws. */
  public void cancel() {
    cancelled.set(true);
    spark.sparkContext().cancelJobGroup(group());
  }

  /**
   * The shuffle behind the barrier makes it a map stage: Spark starts those again as a whole, but
   * gives up on a failed barrier stage that produces the result itself. Outcomes pass it as bytes:
   * Spark's serializer is the user's choice, and Kryo knows no records.
   */
  private <T extends Serializable> JavaRDD<byte[]> stage(
      SparkContext context, RankTask<T> work, int firstAttempt) {
    int ranks = config.worldSize();
    RDD<Integer> numbers =
        JavaSparkContext.fromSparkContext(context)
            .parallelize(IntStream.range(0, ranks).boxed().toList(), ranks)
            .rdd();
    devices.profile().ifPresent(numbers::withResources);
    String secret = secretTravels ? identity.secret() : "";
    RankFunction<T> function =
        new RankFunction<>(
            work,
            config,
            natives,
            new RankFunction.Run(identity.runId(), devices, firstAttempt, secret));
    ClassTag<byte[]> tag = ClassTag$.MODULE$.apply(byte[].class);
    return JavaRDD.fromRDD(numbers.barrier().mapPartitions(function, false, tag), tag)
        .repartition(1);
  }

  @SuppressWarnings("unchecked") // what RankFunction<T> wrote
  private static <T extends Serializable> List<RankOutcome<T>> outcomes(List<byte[]> written) {
    List<RankOutcome<T>> outcomes = new ArrayList<>();
    written.forEach(bytes -> outcomes.add(JavaBytes.to(RankOutcome.class, bytes)));
    return outcomes;
  }

  private static RankFailedException lost(Exception cause, Optional<String> overdue) {
    LOG.error("the ranks could not be kept running\n{}", Redaction.trace(cause));
    String message = overdue.orElseGet(() -> "Cannot keep the ranks running: " + reason(cause));
    RankFailedException lost = new RankFailedException(ExitCode.INFRASTRUCTURE, message);
    lost.initCause(cause);
    return lost;
  }

  /** Spark's own message in one line: it holds the stack trace of a task. */
  static String reason(Exception cause) {
    String message = String.valueOf(cause.getMessage());
    int trace = message.indexOf("\n\tat ");
    String reason = (trace < 0 ? message : message.substring(0, trace)).replace('\n', ' ').strip();
    return reason.contains(TOO_OFTEN)
        ? reason
            + " (executors were lost again and again: look for the reason in their logs, often"
            + " memory; spark.stage.maxConsecutiveAttempts allows more)"
        : reason;
  }

  /** The first failing rank that did not merely follow another one speaks for all. */
  private static <T extends Serializable> List<T> values(List<RankOutcome<T>> outcomes) {
    List<RankOutcome<T>> byRank = new ArrayList<>(outcomes);
    byRank.sort(Comparator.comparingInt(RankOutcome::rank));
    List<T> values = new ArrayList<>();
    List<RankOutcome.Failed<T>> failures = new ArrayList<>();
    for (RankOutcome<T> outcome : byRank) {
      if (outcome instanceof RankOutcome.Done<T> done) {
        values.add(done.value());
      } else if (outcome instanceof RankOutcome.Failed<T> failed) {
        failures.add(failed);
      }
    }
    if (failures.isEmpty()) {
      return values;
    }
    RankOutcome.Failed<T> first =
        failures.stream()
            .filter(failed -> !failed.consequence())
            .findFirst()
            .orElse(failures.get(0));
    // Where the message says it all, a stack trace would only hide it.
    if (!new Failure(first.code(), first.message()).explained()) {
      LOG.error(
          "rank={} host={} failed\n{}", first.rank(), first.host(), Redaction.text(first.trace()));
    }
    // A setting is wrong for every rank alike.
    String where =
        first.code() == ExitCode.CONFIG
            ? ""
            : "Rank " + first.rank() + " on " + first.host() + ": ";
    throw new RankFailedException(first.code(), where + first.message());
  }
}
