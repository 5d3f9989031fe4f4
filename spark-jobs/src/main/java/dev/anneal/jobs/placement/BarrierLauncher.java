package dev.anneal.jobs.placement;

import dev.anneal.core.config.DistributedConfig;
import dev.anneal.core.net.GroupIdentity;
import dev.anneal.jobs.ExitCode;
import dev.anneal.jobs.Failure;
import dev.anneal.jobs.tokenizer.JavaBytes;
import java.io.Serializable;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
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
 * new stage attempt, when an executor is lost; a rank that fails for a reason of its own ends the
 * run. Used by the driver's main thread.
 */
public final class BarrierLauncher {
  private static final Logger LOG = LoggerFactory.getLogger(BarrierLauncher.class);

  private final SparkSession spark;
  private final DistributedConfig config;
  private final NativeFolder natives;
  private final GroupIdentity identity;
  private final boolean secretTravels;

  public BarrierLauncher(SparkSession spark, DistributedConfig config, NativeFolder natives) {
    this.spark = spark;
    this.config = config;
    this.natives = natives;
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

  /**
   * Runs the ranks and returns what they gave, by rank.
   *
   * @throws dev.anneal.core.config.ConfigException with every reason why the ranks cannot be placed
   * @throws RankFailedException when a rank failed, or Spark could not keep the ranks running
   */
  public <T extends Serializable> List<T> run(RankTask<T> work) {
    SparkContext context = spark.sparkContext();
    new Preflight(config).check(context);
    String group = group();
    context.setJobGroup(group, config.worldSize() + " ranks", true);
    ScheduleWatch watch =
        new ScheduleWatch(group, config.worldSize(), config.scheduleTimeout(), Clock.systemUTC());
    List<RankOutcome<T>> outcomes;
    try {
      watch.start(context);
      outcomes = outcomes(stage(context, work).collect());
    } catch (Exception e) {
      throw lost(e, watch.overdue());
    } finally {
      watch.stop(context);
      context.clearJobGroup();
    }
    return values(outcomes);
  }

  private String group() {
    return "anneal-" + identity.runId();
  }

  /** Ends the ranks from another thread: {@link #run} then throws. */
  public void cancel() {
    spark.sparkContext().cancelJobGroup(group());
  }

  /**
   * The shuffle behind the barrier makes it a map stage: Spark starts those again as a whole, but
   * gives up on a failed barrier stage that produces the result itself. Outcomes pass it as bytes:
   * Spark's serializer is the user's choice, and Kryo knows no records.
   */
  private <T extends Serializable> JavaRDD<byte[]> stage(SparkContext context, RankTask<T> work) {
    int ranks = config.worldSize();
    RDD<Integer> numbers =
        JavaSparkContext.fromSparkContext(context)
            .parallelize(IntStream.range(0, ranks).boxed().toList(), ranks)
            .rdd();
    String secret = secretTravels ? identity.secret() : "";
    RankFunction<T> function = new RankFunction<>(work, config, natives, identity.runId(), secret);
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
    LOG.error("the ranks could not be kept running", cause);
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
    return reason.contains("maximum allowable number of times")
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
      LOG.error("rank={} host={} failed\n{}", first.rank(), first.host(), first.trace());
    }
    // A setting is wrong for every rank alike.
    String where =
        first.code() == ExitCode.CONFIG
            ? ""
            : "Rank " + first.rank() + " on " + first.host() + ": ";
    throw new RankFailedException(first.code(), where + first.message());
  }
}
