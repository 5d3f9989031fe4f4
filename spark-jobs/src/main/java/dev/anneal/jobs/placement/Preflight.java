package dev.anneal.jobs.placement;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.DistributedConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;

/**
 * Everything that would keep the ranks from starting, found before they are submitted and reported
 * at once; Spark itself would wait for minutes or for ever. Thread-safe.
 */
public final class Preflight {
  private static final Pattern LOCAL = Pattern.compile("local(\\[(\\d+|\\*)(,.*)?])?");

  /** How long new executors of a cluster without a known size may keep coming. */
  private static final Duration QUIET = Duration.ofSeconds(10);

  private static final Duration POLL = Duration.ofMillis(250);

  private final DistributedConfig config;

  public Preflight(DistributedConfig config) {
    this.config = config;
  }

  /** Checks what the settings alone tell, before Spark starts. */
  public void check(SparkConf conf) {
    report(problems(conf));
  }

  /** Checks the settings and the slots of the running application. */
  public void check(SparkContext context) {
    SparkConf conf = context.getConf();
    List<String> problems = problems(conf);
    if (problems.isEmpty() && promisedSlots(conf).isEmpty()) {
      int slots = awaitSlots(context);
      if (slots < config.worldSize()) {
        problems.add(tooFew(slots, "the registered executors"));
      }
    }
    report(problems);
  }

  /** Every problem there is, each with the key to change. */
  List<String> problems(SparkConf conf) {
    List<String> problems = new ArrayList<>();
    if (conf.getBoolean("spark.dynamicAllocation.enabled", false)) {
      problems.add(
          "Invalid spark.dynamicAllocation.enabled: true (must be false: the ranks need a fixed"
              + " set of executors)");
    }
    int taskCpus = conf.getInt("spark.task.cpus", 1);
    int executorCores = conf.getInt("spark.executor.cores", Integer.MAX_VALUE);
    if (taskCpus > executorCores) {
      problems.add(
          "Invalid spark.task.cpus: "
              + taskCpus
              + " (must be <= spark.executor.cores, which is "
              + executorCores
              + ")");
    } else {
      OptionalInt promised = promisedSlots(conf);
      if (promised.isPresent() && promised.getAsInt() < config.worldSize()) {
        problems.add(tooFew(promised.getAsInt(), source(conf)));
      }
    }
    backend(conf, problems);
    return problems;
  }

  private void backend(SparkConf conf, List<String> problems) {
    switch (config.backend()) {
      case NCCL ->
          problems.add(
              "Invalid distributed.backend: nccl (is not built yet: use auto or tcp)"
                  + (conf.contains("spark.task.resource.gpu.amount")
                      ? ""
                      : "; it will need spark.task.resource.gpu.amount = 1"));
      case LOCAL -> {
        if (config.worldSize() > 1) {
          problems.add(
              "Invalid distributed.backend: local (serves one rank under Spark: use auto or tcp)");
        }
      }
      case AUTO, TCP -> {}
    }
  }

  /** Slots as far as the settings fix them; empty when only the cluster knows. */
  private static OptionalInt promisedSlots(SparkConf conf) {
    int taskCpus = conf.getInt("spark.task.cpus", 1);
    String master = conf.get("spark.master", "");
    Matcher local = LOCAL.matcher(master);
    if (local.matches()) {
      String threads = local.group(2) == null ? "1" : local.group(2);
      int cores =
          threads.equals("*")
              ? Runtime.getRuntime().availableProcessors()
              : Integer.parseInt(threads);
      return OptionalInt.of(cores / taskCpus);
    }
    if (conf.contains("spark.cores.max") && master.startsWith("spark://")) {
      int most = conf.getInt("spark.cores.max", 0) / taskCpus;
      return most < 1 || conf.getInt("spark.executor.cores", 0) == 0
          ? OptionalInt.empty()
          : OptionalInt.of(most);
    }
    if (conf.contains("spark.executor.instances") && !master.startsWith("spark://")) {
      int perExecutor = conf.getInt("spark.executor.cores", 1) / taskCpus;
      return OptionalInt.of(conf.getInt("spark.executor.instances", 0) * perExecutor);
    }
    return OptionalInt.empty();
  }

  private static String source(SparkConf conf) {
    String master = conf.get("spark.master", "");
    if (LOCAL.matcher(master).matches()) {
      return "spark.master = " + master;
    }
    return conf.contains("spark.executor.instances")
        ? "spark.executor.instances and spark.executor.cores"
        : "spark.cores.max";
  }

  private String tooFew(int slots, String source) {
    return "Invalid distributed.world_size: "
        + config.worldSize()
        + " (must be <= "
        + slots
        + ", the slots that "
        + source
        + " give; a rank takes spark.task.cpus cores of an executor)";
  }

  /** Executors register one by one: waits until they suffice or no more come. */
  private int awaitSlots(SparkContext context) {
    long end = System.nanoTime() + config.scheduleTimeout().toNanos();
    long quietSince = System.nanoTime();
    int most = 0;
    while (true) {
      int slots =
          context.maxNumConcurrentTasks(context.resourceProfileManager().defaultResourceProfile());
      long now = System.nanoTime();
      if (slots > most) {
        most = slots;
        quietSince = now;
      }
      boolean quiet = most > 0 && now - quietSince > QUIET.toNanos();
      if (slots >= config.worldSize() || quiet || now > end) {
        return slots;
      }
      try {
        Thread.sleep(POLL.toMillis());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return slots;
      }
    }
  }

  private static void report(List<String> problems) {
    if (!problems.isEmpty()) {
      throw new ConfigException(String.join("\n", problems));
    }
  }
}
