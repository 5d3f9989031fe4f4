package dev.anneal.jobs.placement;

import dev.anneal.core.config.DistributedConfig;
import java.io.Serializable;
import java.util.List;
import java.util.Optional;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.TaskContext;
import org.apache.spark.resource.ResourceInformation;
import org.apache.spark.resource.ResourceProfile;
import org.apache.spark.resource.ResourceProfileBuilder;
import org.apache.spark.resource.TaskResourceRequests;

/**
 * Where the ranks of a run compute, decided once on the driver from {@code distributed.device} and
 * Spark's settings. Immutable.
 *
 * @param source who says which card is whose
 * @param taskCpus cores of a rank; Spark cannot count the slots of a profile that leaves them open
 */
public record DevicePlan(Source source, int taskCpus) implements Serializable {
  /** The resource as Spark's settings and discovery scripts name it. */
  static final String GPU = "gpu";

  static final String EXECUTOR_AMOUNT = "spark.executor.resource.gpu.amount";
  static final String TASK_AMOUNT = "spark.task.resource.gpu.amount";
  private static final String LOCAL = "local";

  /** Who assigns devices to ranks. */
  public enum Source {
    /** Nobody: all ranks compute on CPUs. */
    CPU,
    /** Spark, by the addresses of its resource {@code gpu}. */
    SPARK,
    /** In local mode, where Spark knows no resources: rank 0 takes the first card and so on. */
    RANK
  }

  /** What the settings ask for; {@link #problems} says whether they can be met. */
  public static DevicePlan of(DistributedConfig config, SparkConf conf) {
    boolean local = isLocal(conf);
    boolean offered = !local && gpusOfExecutor(conf) > 0;
    Source source =
        switch (config.device()) {
          case CPU -> Source.CPU;
          case AUTO -> offered ? Source.SPARK : Source.CPU;
          case CUDA -> local ? Source.RANK : Source.SPARK;
        };
    return new DevicePlan(source, conf.getInt("spark.task.cpus", 1));
  }

  /** The same with all ranks on CPUs. */
  public DevicePlan withoutCards() {
    return new DevicePlan(Source.CPU, taskCpus);
  }

  /** Whether ranks compute on cards. */
  public boolean cuda() {
    return source != Source.CPU;
  }

  /**
   * What a task of the training stage asks for beside cores: a card, where Spark assigns them.
   * Other stages of the application ask for none.
   */
  public Optional<ResourceProfile> profile() {
    return source == Source.SPARK
        ? Optional.of(
            new ResourceProfileBuilder()
                .require(new TaskResourceRequests().cpus(taskCpus).resource(GPU, 1))
                .build())
        : Optional.empty();
  }

  /** The profile of the training stage, made known to the application. */
  ResourceProfile registeredProfile(SparkContext context) {
    ResourceProfile own =
        profile().orElseGet(() -> context.resourceProfileManager().defaultResourceProfile());
    context.resourceProfileManager().addResourceProfile(own);
    return own;
  }

  /** Adds what the settings alone show to be wrong with the cards, with the keys to change. */
  void problems(SparkConf conf, List<String> problems) {
    if (source != Source.SPARK) {
      return;
    }
    int cards = gpusOfExecutor(conf);
    if (cards == 0) {
      problems.add(
          "Invalid distributed.device: cuda (the executors offer no GPUs: set "
              + EXECUTOR_AMOUNT
              + " and spark.executor.resource.gpu.discoveryScript, or distributed.device = cpu)");
    }
    double task = conf.getDouble(TASK_AMOUNT, 1);
    if (task != 1) {
      problems.add(
          "Invalid "
              + TASK_AMOUNT
              + ": "
              + conf.get(TASK_AMOUNT)
              + " (must be left out: a rank asks for one whole GPU by itself)");
    }
    int ranks = conf.getInt("spark.executor.cores", 0) / conf.getInt("spark.task.cpus", 1);
    if (ranks > 0 && cards > ranks) {
      problems.add(
          "Invalid "
              + EXECUTOR_AMOUNT
              + ": "
              + cards
              + " (must be <= "
              + ranks
              + ", the ranks for which spark.executor.cores and spark.task.cpus give an executor"
              + " room: a rank takes one GPU, others would lie idle)");
    }
  }

  /** What works and costs more than it needs. */
  Optional<String> warning(SparkConf conf) {
    return conf.contains(TASK_AMOUNT)
        ? Optional.of(
            TASK_AMOUNT
                + ": every task of this application holds a GPU, also of stages that tokenize"
                + " (leave it out: a rank asks for its GPU by itself)")
        : Optional.empty();
  }

  /** Addresses of the cards that Spark gave a task. */
  static List<String> addresses(TaskContext task) {
    ResourceInformation cards = task.resourcesJMap().get(GPU);
    return cards == null ? List.of() : List.of(cards.addresses());
  }

  static boolean isLocal(SparkConf conf) {
    String master = conf.get("spark.master", LOCAL);
    return master.equals(LOCAL) || master.startsWith(LOCAL + "[");
  }

  /** Cards that each executor offers. */
  static int gpusOfExecutor(SparkConf conf) {
    return conf.getInt(EXECUTOR_AMOUNT, 0);
  }
}
