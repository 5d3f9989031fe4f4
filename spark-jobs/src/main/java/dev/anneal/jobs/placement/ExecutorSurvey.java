package dev.anneal.jobs.placement;

import dev.anneal.core.config.DistributedConfig;
import dev.anneal.jobs.task.JavaBytes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.rdd.RDD;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/**
 * Looks at what every executor computes with, before anything is trained: a task on each slot that
 * the ranks may get. Used by the driver's main thread.
 *
 * @param executors by name
 * @param problems why ranks could not compute there as configured; empty when they could
 */
public record ExecutorSurvey(List<ExecutorFacts> executors, List<String> problems) {
  public ExecutorSurvey {
    executors = List.copyOf(executors);
    problems = List.copyOf(problems);
  }

  /**
   * Runs the survey.
   *
   * @param devices where the ranks shall compute
   */
  public static ExecutorSurvey of(
      SparkContext spark, DistributedConfig config, DevicePlan devices, NativeFolder natives) {
    int slots = new Preflight(config).allSlots(spark, devices);
    List<ExecutorFacts> executors = slots == 0 ? List.of() : look(spark, devices, slots, natives);
    return new ExecutorSurvey(executors, problems(executors, config, devices));
  }

  private static List<ExecutorFacts> look(
      SparkContext spark, DevicePlan devices, int slots, NativeFolder natives) {
    RDD<Integer> numbers =
        JavaSparkContext.fromSparkContext(spark)
            .parallelize(IntStream.range(0, slots).boxed().toList(), slots)
            .rdd();
    devices.profile().ifPresent(numbers::withResources);
    ClassTag<byte[]> tag = ClassTag$.MODULE$.apply(byte[].class);
    List<ExecutorFacts> executors = new ArrayList<>();
    numbers
        .barrier()
        .mapPartitions(new SurveyFunction(natives), false, tag)
        .toJavaRDD()
        .collect()
        .forEach(bytes -> executors.add(JavaBytes.to(ExecutorFacts.class, bytes)));
    executors.sort(
        Comparator.comparing((ExecutorFacts each) -> each.executor().length())
            .thenComparing(ExecutorFacts::executor));
    return executors;
  }

  /** What keeps ranks from computing, of all executors at once. */
  static List<String> problems(
      List<ExecutorFacts> executors, DistributedConfig config, DevicePlan devices) {
    List<String> problems = new ArrayList<>();
    int room = executors.stream().mapToInt(ExecutorFacts::tasks).sum();
    if (executors.isEmpty()) {
      problems.add(
          "Cannot find an executor: none registered within "
              + config.scheduleTimeout().toSeconds()
              + " s (see distributed.schedule_timeout_seconds"
              + (devices.source() == DevicePlan.Source.SPARK
                  ? "; do the workers offer GPUs?)"
                  : ")"));
    } else if (room < config.worldSize()) {
      problems.add(
          "Invalid distributed.world_size: "
              + config.worldSize()
              + " (must be <= "
              + room
              + ", the ranks for which the registered executors have room)");
    }
    for (ExecutorFacts executor : executors) {
      String where = "Executor " + executor.executor() + " on " + executor.host() + ": ";
      if (!executor.libtorch().problem().isEmpty()) {
        problems.add(where + executor.libtorch().problem());
      }
      if (devices.cuda()) {
        cards(executor, config, devices).forEach(problem -> problems.add(where + problem));
      }
    }
    if (devices.source() == DevicePlan.Source.SPARK) {
      problems.addAll(grants(executors));
    }
    return problems;
  }

  /** What is wrong with the addresses that Spark gave. */
  private static List<String> grants(List<ExecutorFacts> executors) {
    List<CardGrant> grants = new ArrayList<>();
    List<String> hosts = new ArrayList<>();
    List<String> names = new ArrayList<>();
    for (ExecutorFacts executor : executors) {
      for (CardGrant grant : executor.grants()) {
        grants.add(grant);
        hosts.add(executor.host());
        names.add("Executor " + executor.executor());
      }
    }
    return CardGrant.problems(grants, hosts, names);
  }

  private static List<String> cards(
      ExecutorFacts executor, DistributedConfig config, DevicePlan devices) {
    List<String> problems = new ArrayList<>();
    boolean loaded = executor.libtorch().problem().isEmpty();
    if (loaded && !executor.libtorch().knowsCuda()) {
      problems.add(
          "libtorch "
              + executor.libtorch().version()
              + " in "
              + executor.libtorch().path()
              + " computes on CPUs alone (make natives for CUDA with deploy/gpu/make-natives)");
    }
    if (!executor.driver().problem().isEmpty()) {
      problems.add("Cannot use CUDA: " + executor.driver().problem());
      return problems;
    }
    int served = major(executor.driver().cuda());
    if (executor.libtorch().knowsCuda() && served < major(executor.libtorch().cuda())) {
      problems.add(
          "the driver serves CUDA "
              + executor.driver().cuda()
              + ", and libtorch needs CUDA "
              + executor.libtorch().cuda()
              + " (update the driver)");
    }
    int cards = executor.driver().cards().size();
    int needed =
        devices.source() == DevicePlan.Source.RANK
            ? config.worldSize()
            : executor.addresses().size();
    if (cards < needed) {
      problems.add("the driver shows " + cards + " cards to ranks that need " + needed);
    }
    return problems;
  }

  private static int major(String version) {
    String number = version.substring(0, Math.max(0, version.indexOf('.')));
    return number.isEmpty() ? 0 : Integer.parseInt(number);
  }
}
