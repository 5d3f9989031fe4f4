package dev.anneal.jobs.evaluate;

import dev.anneal.core.collective.Collective;
import dev.anneal.core.collective.local.LocalGroup;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.DistributedConfig;
import dev.anneal.core.config.Redaction;
import dev.anneal.core.io.FileStore;
import dev.anneal.core.questions.Question;
import dev.anneal.core.questions.QuestionFile;
import dev.anneal.core.run.RunFolder;
import dev.anneal.jobs.config.AnnealConfig;
import dev.anneal.jobs.failure.ExitCode;
import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.io.StagedModel;
import dev.anneal.jobs.job.JobContext;
import dev.anneal.jobs.job.JobResult;
import dev.anneal.jobs.job.SparkJob;
import dev.anneal.jobs.placement.BarrierLauncher;
import dev.anneal.jobs.placement.DeviceCheck;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Scores a model: loss, perplexity and token accuracy on {@code data.eval}, exact match on {@code
 * evaluate.questions}. One rank works in this process, several in a barrier stage.
 */
public final class EvaluateJob implements SparkJob {

  @Override
  public String name() {
    return "evaluate";
  }

  @Override
  public String description() {
    return "loss, perplexity, token accuracy on shards; exact-match answers";
  }

  @Override
  public String outputFolder(AnnealConfig config) {
    return config.evaluate().outputDir();
  }

  @Override
  public boolean placesRanks() {
    return true;
  }

  @Override
  public JobResult run(JobContext context) throws Exception {
    AnnealConfig config = context.config();
    if (config.data().eval().isEmpty() && config.evaluate().questions().isEmpty()) {
      throw new ConfigException(
          "Missing data.eval (set shard folders with -s data.eval=[...], or"
              + " evaluate.questions=[...])");
    }
    requireDevice(context);
    HadoopFileStore store = HadoopFileStore.ofEnvironment();
    refuseRunFolder(store, config.evaluate().outputDir());
    Map<String, List<Question>> questions = new LinkedHashMap<>();
    for (String file : config.evaluate().questions()) {
      questions.put(file, QuestionFile.read(store, file));
    }
    List<String> prompts = new ArrayList<>();
    questions.values().forEach(list -> list.forEach(question -> prompts.add(question.text())));
    EvaluationPlan plan = EvaluationPlan.of(config, prompts, store);
    List<RankEvaluation.Outcome> outcomes = outcomes(context, plan);
    List<AdapterScores> all = new ArrayList<>();
    for (int i = 0; i < plan.adapters().size(); i++) {
      List<String> answers = RankEvaluation.inOrder(outcomes, i, prompts.size());
      all.add(
          new AdapterScores(
              plan.adapters().get(i),
              outcomes.get(0).parts().get(i).scores(),
              ScoredQuestions.of(questions, answers)));
    }
    all.forEach(scores -> print(context, scores));
    if (!config.evaluate().outputDir().isEmpty()) {
      new EvaluationFiles(store, config.evaluate().outputDir()).write(config, all);
    }
    return result(config, all);
  }

  /** Refuses cards that cannot be used, before anything is read. */
  private static void requireDevice(JobContext context) {
    DistributedConfig config = context.config().distributed();
    if (config.worldSize() > 1) {
      DeviceCheck.require(context.spark().sparkContext(), config, context.natives());
    } else if (config.device() == DistributedConfig.DeviceChoice.CUDA) {
      throw new ConfigException(
          "Invalid distributed.device: cuda (one rank of evaluate computes in the driver's process,"
              + " on the CPU: use auto or cpu)");
    }
  }

  /** The result.json there belongs to a training. */
  private static void refuseRunFolder(FileStore store, String folder) throws IOException {
    if (!folder.isEmpty() && store.exists(FileStore.join(folder, RunFolder.METRICS))) {
      throw new ConfigException(
          "Invalid evaluate.output_dir: "
              + folder
              + " (holds a training run; choose another folder, such as "
              + FileStore.join(folder, "evaluate")
              + ")");
    }
  }

  private static List<RankEvaluation.Outcome> outcomes(JobContext context, EvaluationPlan plan)
      throws IOException {
    AnnealConfig config = context.config();
    RankEvaluation work = new RankEvaluation(plan);
    if (config.distributed().worldSize() > 1) {
      StagedModel.requireAgreement(context.loaded(), plan.fetching(), plan.named());
      return new BarrierLauncher(context.spark(), config.distributed(), context.natives())
          .run(work);
    }
    try (StagedModel staged =
        StagedModel.checked(context.loaded(), plan.fetching(), plan.named())) {
      int threads = config.distributed().threads(1);
      try (Collective alone = LocalGroup.of(1).member(0)) {
        return List.of(work.run(staged, alone, threads));
      }
    }
  }

  private static void print(JobContext context, AdapterScores scores) {
    if (!scores.adapter().isEmpty()) {
      context.out().println("adapter " + scores.adapter());
    }
    scores.shards().forEach(score -> context.out().println(Redaction.text(score.line())));
    int shown = context.config().evaluate().generations();
    for (ScoredQuestions file : scores.questions()) {
      context.out().println(Redaction.text(file.line()));
      file.answers().stream().limit(shown).forEach(each -> context.out().println(each.line()));
    }
  }

  private static JobResult result(AnnealConfig config, List<AdapterScores> all) {
    JobResult result = JobResult.ok("evaluated " + config.model().path());
    for (AdapterScores scores : all) {
      Optional<ShardScore> broken = scores.broken();
      if (broken.isPresent()) {
        result =
            JobResult.of(
                ExitCode.TRAINING,
                "The loss"
                    + scores.of()
                    + " on "
                    + broken.get().path()
                    + " is not a finite number: "
                    + broken.get().loss()
                    + " (the weights of model.path or of the adapter hold such values)");
        break;
      }
    }
    for (AdapterScores scores : all) {
      result = counted(result, scores);
    }
    String output = config.evaluate().outputDir();
    return output.isEmpty()
        ? result
        : result.withPath("scores", FileStore.join(output, EvaluationFiles.SCORES));
  }

  private static JobResult counted(JobResult before, AdapterScores scores) {
    JobResult result = before;
    for (ShardScore score : scores.shards()) {
      result = result.withCount("rows " + score.path() + scores.of(), score.rows());
    }
    for (ScoredQuestions file : scores.questions()) {
      result =
          result
              .withCount("right " + file.file() + scores.of(), file.score().correct())
              .withCount("questions " + file.file() + scores.of(), file.score().total());
    }
    return result;
  }
}
