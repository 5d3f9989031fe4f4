package dev.anneal.jobs.evaluate;

import dev.anneal.core.assembly.TrainedModel;
import dev.anneal.core.collective.Collective;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.data.ShardOptions;
import dev.anneal.core.data.ShardSet;
import dev.anneal.core.generate.GenerationSettings;
import dev.anneal.core.model.weights.ModelFolder;
import dev.anneal.core.tensor.Device;
import dev.anneal.core.tensor.TensorRuntime;
import dev.anneal.core.train.Evaluator;
import dev.anneal.data.tokenize.TokenizerFolder;
import dev.anneal.jobs.generate.ModelChoice;
import dev.anneal.jobs.generate.TextGenerator;
import dev.anneal.jobs.io.HostFiles;
import dev.anneal.jobs.io.StagedModel;
import dev.anneal.jobs.placement.RankContext;
import dev.anneal.jobs.placement.RankTask;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;

/** The work of one rank: scores its part of the rows, answers its part of the prompts. */
final class RankEvaluation implements RankTask<RankEvaluation.Outcome> {
  private static final long serialVersionUID = 1L;

  private final EvaluationPlan plan;

  /** What is measured with each of the plan's adapters, in their order. */
  record Outcome(List<Part> parts) implements Serializable {
    Outcome {
      parts = List.copyOf(parts);
    }
  }

  /**
   * With one adapter.
   *
   * @param scores of every folder of {@code data.eval}, over all ranks
   * @param answers to the prompts rank, rank + world size, ...
   */
  record Part(List<ShardScore> scores, List<String> answers) implements Serializable {
    Part {
      scores = List.copyOf(scores);
      answers = List.copyOf(answers);
    }
  }

  RankEvaluation(EvaluationPlan plan) {
    this.plan = plan;
  }

  @Override
  public Outcome run(RankContext context) throws IOException {
    try (StagedModel staged =
        StagedModel.open(plan.model(), plan.adapter(), plan.fetching(), plan.named())) {
      return run(staged, context.collective(), context.threads());
    }
  }

  /** The same without a barrier stage around it. */
  Outcome run(StagedModel staged, Collective ranks, int threads) throws IOException {
    List<List<ShardScore>> scores = scores(staged, ranks, threads);
    List<List<String>> answers = answers(staged, ranks, threads);
    List<Part> parts = new ArrayList<>();
    for (int i = 0; i < plan.adapters().size(); i++) {
      parts.add(new Part(scores.get(i), answers.get(i)));
    }
    return new Outcome(parts);
  }

  /** The answers of all ranks with one adapter, in the order of the prompts. */
  static List<String> inOrder(List<Outcome> outcomes, int adapter, int prompts) {
    List<String> answers = new ArrayList<>();
    for (int i = 0; i < prompts; i++) {
      Part part = outcomes.get(i % outcomes.size()).parts().get(adapter);
      answers.add(part.answers().get(i / outcomes.size()));
    }
    return answers;
  }

  private List<List<ShardScore>> scores(StagedModel staged, Collective ranks, int threads)
      throws IOException {
    if (plan.data().eval().isEmpty()) {
      return Collections.nCopies(plan.adapters().size(), List.of());
    }
    ModelFolder folder = ModelFolder.open(staged.model());
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU)) {
      runtime.prepareThread(threads);
      List<List<ShardScore>> scores = new ArrayList<>();
      try (ModelChoice models =
          ModelChoice.forInference(runtime, folder, staged.adapter(), staged.named())) {
        for (String adapter : plan.adapters()) {
          models.use(adapter);
          scores.add(scores(models.model(), folder, ranks));
        }
      }
      return scores;
    }
  }

  private List<ShardScore> scores(TrainedModel model, ModelFolder folder, Collective ranks)
      throws IOException {
    List<ShardScore> scores = new ArrayList<>();
    for (String path : plan.data().eval()) {
      try (HostFiles files = plan.fetching().open();
          ShardSet rows = rows(folder, model.config().vocabSize(), files, path)) {
        long together = (long) plan.scoreBatch() * ranks.worldSize();
        files.requireRoom(HostFiles.kept(rows, together), false);
        Evaluator evaluator =
            new Evaluator(rows, plan.scoreBatch(), 0, model.model(), ranks, (state, score) -> {});
        scores.add(ShardScore.of(path, rows.rowCount(), evaluator.evaluate()));
      }
    }
    return scores;
  }

  private ShardSet rows(ModelFolder model, int vocabulary, HostFiles files, String path)
      throws IOException {
    ShardOptions options = ShardOptions.of(vocabulary);
    ShardSet rows =
        ShardSet.openFiles(
            List.of(files.shards(path, "data.eval", false)),
            plan.data().allowForeign() ? options.withForeign() : options);
    if (Files.exists(model.path().resolve("tokenizer.json"))) {
      rows.requireTokenizer(TokenizerFolder.open(model.path()).contentHash());
    }
    if (rows.rowCount() == 0) {
      throw new ConfigException(
          "Invalid data.eval: 0 rows in " + path + " (must hold at least one)");
    }
    return rows;
  }

  private List<List<String>> answers(StagedModel staged, Collective ranks, int threads) {
    List<String> own = new ArrayList<>();
    for (int i = ranks.rank(); i < plan.prompts().size(); i += ranks.worldSize()) {
      own.add(plan.prompts().get(i));
    }
    if (own.isEmpty()) {
      return Collections.nCopies(plan.adapters().size(), List.of());
    }
    GenerationSettings greedy = GenerationSettings.greedy(plan.maxNewTokens(), Set.of());
    List<List<String>> answers = new ArrayList<>();
    try (TextGenerator generator =
        TextGenerator.open(TextGenerator.Source.of(staged, threads), plan.style())) {
      for (String adapter : plan.adapters()) {
        generator.use(adapter);
        answers.add(generator.answers(own, greedy, plan.answerBatch()));
      }
    }
    return answers;
  }
}
