package dev.anneal.jobs.doctor;

import dev.anneal.core.config.DistributedConfig;
import dev.anneal.core.config.Redaction;
import dev.anneal.jobs.failure.ExitCode;
import dev.anneal.jobs.job.JobContext;
import dev.anneal.jobs.job.JobResult;
import dev.anneal.jobs.job.SparkJob;
import dev.anneal.jobs.placement.DeviceCheck;
import dev.anneal.jobs.placement.DevicePlan;
import dev.anneal.jobs.placement.ExecutorFacts;
import dev.anneal.jobs.placement.ExecutorSurvey;
import dev.anneal.jobs.placement.Preflight;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.SparkContext;

/**
 * Shows what every executor computes with, and whether a training could start there as configured:
 * it reads the settings of {@code train} that place ranks, and trains nothing.
 */
public final class DoctorJob implements SparkJob {

  @Override
  public String name() {
    return "doctor";
  }

  @Override
  public String description() {
    return "what libtorch, CUDA, NCCL and cards each executor finds";
  }

  @Override
  public boolean placesRanks() {
    return true;
  }

  @Override
  public boolean refusesPlacement() {
    return false;
  }

  @Override
  public JobResult run(JobContext context) {
    DistributedConfig config = context.config().distributed();
    SparkContext spark = context.spark().sparkContext();
    DevicePlan devices = DevicePlan.of(config, spark.getConf());
    List<String> problems = new ArrayList<>(new Preflight(config).problems(spark.getConf()));
    // Settings that cannot be met would leave the survey waiting: it looks at the CPUs then.
    DevicePlan surveyed = problems.isEmpty() ? devices : devices.withoutCards();
    ExecutorSurvey survey = ExecutorSurvey.of(spark, config, surveyed, context.natives());
    for (String line : DoctorTable.of(survey.executors())) {
      context.out().println(Redaction.text(line));
    }
    paths(survey.executors())
        .forEach(
            (path, names) ->
                context
                    .out()
                    .println(
                        Redaction.text("libtorch of " + String.join(", ", names) + ": " + path)));
    context.out().println("ranks compute on: " + (devices.cuda() ? "cuda" : "cpu"));
    survey.problems().stream().filter(each -> !problems.contains(each)).forEach(problems::add);
    problems.addAll(DeviceCheck.unsupported(devices));
    JobResult result =
        problems.isEmpty()
            ? JobResult.ok("a training of " + config.worldSize() + " ranks could start")
            : JobResult.of(ExitCode.CONFIG, String.join("\n", problems));
    if (problems.isEmpty()) {
      context.out().println(result.message());
    }
    return result.withCount("executors", survey.executors().size());
  }

  private static Map<String, List<String>> paths(List<ExecutorFacts> executors) {
    Map<String, List<String>> paths = new TreeMap<>();
    for (ExecutorFacts executor : executors) {
      if (!executor.libtorch().path().isEmpty()) {
        paths
            .computeIfAbsent(executor.libtorch().path(), path -> new ArrayList<>())
            .add(executor.executor());
      }
    }
    return paths;
  }
}
