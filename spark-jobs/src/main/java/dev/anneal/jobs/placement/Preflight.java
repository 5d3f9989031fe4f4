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
import org.apache.spark.resource.ResourceProfile;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Everything that would keep the ranks from starting, found before they are submitted and reported
 * at once; Spark itself would wait for minutes or for ever. Thread-safe.
 */
public final class Preflight {
  private static final Logger LOG = LoggerFactory.getLogger(Preflight.class);
  private static final Pattern LOCAL = Pattern.compile("local(\\[(\\d+|\\*)(,.*)?])?");

  /** How long new executors of a cluster without a known size may keep coming. */
  private static final Duration QUIET = Duration.ofSeconds(10);

  /** As long for a survey, which can do without the last ones. */
  private static final Duration QUIET_SURVEY = Duration.ofSeconds(3);

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
    DevicePlan devices = DevicePlan.of(config, conf);
    devices.warning(conf).ifPresent(LOG::warn);
    if (problems.isEmpty() && promisedSlots(conf, devices).isEmpty()) {
      int slots =
          awaitSlots(context, devices.registeredProfile(context), config.worldSize(), QUIET);
      if (slots < config.worldSize()) {
        problems.add(tooFew(slots, "the registered executors", devices));
      }
    }
    report(problems);
  }

  /** Every problem that the settings show, each with the key to change. */
  public List<String> problems(SparkConf conf) {
    List<String> problems = new ArrayList<>();
    DevicePlan devices = DevicePlan.of(config, conf);
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
      OptionalInt promised = promisedSlots(conf, devices);
      if (promised.isPresent() && promised.getAsInt() < config.worldSize()) {
        problems.add(tooFew(promised.getAsInt(), source(conf, devices), devices));
      }
    }
    devices.problems(conf, problems);
    backend(conf, problems);
    return problems;
  }

  private void backend(SparkConf conf, List<String> problems) {
    switch (config.backend()) {
      case NCCL ->
          problems.add(
              "Invalid distributed.backend: nccl (is not built yet: use auto or tcp)"
                  + (DevicePlan.gpusOfExecutor(conf) > 0
                      ? ""
                      : "; it will need " + DevicePlan.EXECUTOR_AMOUNT));
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
  private static OptionalInt promisedSlots(SparkConf conf, DevicePlan devices) {
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
      int ofExecutor = conf.getInt("spark.executor.cores", 0);
      if (most < 1 || ofExecutor == 0) {
        return OptionalInt.empty();
      }
      int executors = conf.getInt("spark.cores.max", 0) / ofExecutor;
      return OptionalInt.of(
          devices.profile().isPresent() ? executors * slots(ofExecutor, conf, devices) : most);
    }
    if (conf.contains("spark.executor.instances") && !master.startsWith("spark://")) {
      int perExecutor = slots(conf.getInt("spark.executor.cores", 1), conf, devices);
      return OptionalInt.of(conf.getInt("spark.executor.instances", 0) * perExecutor);
    }
    return OptionalInt.empty();
  }

  /** Ranks for which an executor has room. */
  private static int slots(int cores, SparkConf conf, DevicePlan devices) {
    int byCores = cores / conf.getInt("spark.task.cpus", 1);
    int cards = DevicePlan.gpusOfExecutor(conf);
    return devices.profile().isPresent() && cards > 0 ? Math.min(byCores, cards) : byCores;
  }

  private static String source(SparkConf conf, DevicePlan devices) {
    String master = conf.get("spark.master", "");
    if (LOCAL.matcher(master).matches()) {
      return "spark.master = " + master;
    }
    String cards = devices.profile().isPresent() ? " and " + DevicePlan.EXECUTOR_AMOUNT : "";
    return conf.contains("spark.executor.instances")
        ? "spark.executor.instances and spark.executor.cores" + cards
        : "spark.cores.max" + cards;
  }

  private String tooFew(int slots, String source, DevicePlan devices) {
    return "Invalid distributed.world_size: "
        + config.worldSize()
        + " (must be <= "
        + slots
        + ", the slots that "
        + source
        + " give; a rank takes spark.task.cpus cores of an executor"
        + (devices.profile().isPresent() ? " and one of its GPUs)" : ")");
  }

  /** All slots that there are to come, for a survey of every executor. */
  int allSlots(SparkContext context, DevicePlan devices) {
    return awaitSlots(
        context,
        devices.registeredProfile(context),
        promisedSlots(context.getConf(), devices).orElse(Integer.MAX_VALUE),
        QUIET_SURVEY);
  }

  /** Executors register one by one: waits until they suffice or no more come. */
  private int awaitSlots(
      SparkContext context, ResourceProfile profile, int enough, Duration quietTime) {
    long end = System.nanoTime() + config.scheduleTimeout().toNanos();
    long quietSince = System.nanoTime();
    int most = 0;
    while (true) {
      int slots = context.maxNumConcurrentTasks(profile);
      long now = System.nanoTime();
      if (slots > most) {
        most = slots;
        quietSince = now;
      }
      boolean quiet = most > 0 && now - quietSince > quietTime.toNanos();
      if (slots >= enough || quiet || now > end) {
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
