package dev.anneal.jobs.evaluate;

import dev.anneal.core.assembly.TrainedModel;
import dev.anneal.core.collective.Collective;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.data.ShardOptions;
import dev.anneal.core.data.ShardSet;
import dev.anneal.core.generate.GenerationSettings;
import dev.anneal.core.model.TokenScore;
import dev.anneal.core.model.weights.ModelFolder;
import dev.anneal.core.peft.AdapterFolder;
import dev.anneal.core.tensor.TensorRuntime;
import dev.anneal.core.train.Evaluator;
import dev.anneal.data.tokenize.TokenizerFolder;
import dev.anneal.jobs.generate.TextGenerator;
import dev.anneal.jobs.io.HostFiles;
import dev.anneal.jobs.io.StagedModel;
import dev.anneal.jobs.placement.RankContext;
import dev.anneal.jobs.placement.RankTask;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** The work of one rank: scores its part of the rows, answers its part of the prompts. */
final class RankEvaluation implements RankTask<RankEvaluation.Outcome> {
  private static final long serialVersionUID = 1L;

  private final EvaluationPlan plan;

  /**
   * @param scores of every folder of {@code data.eval}, over all ranks
   * @param answers to the prompts rank, rank + world size, ...
   */
  record Outcome(List<ShardScore> scores, List<String> answers) implements Serializable {
    Outcome {
      scores = List.copyOf(scores);
      answers = List.copyOf(answers);
    }
  }

  RankEvaluation(EvaluationPlan plan) {
    this.plan = plan;
  }

  @Override
  public Outcome run(RankContext context) throws IOException {
    try (StagedModel staged = StagedModel.open(plan.model(), plan.adapter(), plan.fetching())) {
      return run(staged, context.collective(), context.threads());
    }
  }

  /** The same without a barrier stage around it. */
  Outcome run(StagedModel staged, Collective ranks, int threads) throws IOException {
    List<ShardScore> scores =
        plan.data().eval().isEmpty() ? List.of() : scores(staged, ranks, threads);
    return new Outcome(scores, answers(staged, ranks, threads));
  }

  /** The answers of all ranks in the order of the prompts. */
  static List<String> inOrder(List<Outcome> outcomes, int prompts) {
    List<String> answers = new ArrayList<>();
    for (int i = 0; i < prompts; i++) {
      answers.add(outcomes.get(i % outcomes.size()).answers().get(i / outcomes.size()));
    }
    return answers;
  }

  private List<ShardScore> scores(StagedModel staged, Collective ranks, int threads)
      throws IOException {
    ModelFolder folder = ModelFolder.open(staged.model());
    List<ShardScore> scores = new ArrayList<>();
    try (TensorRuntime runtime = TensorRuntime.open()) {
      runtime.prepareThread(threads);
      try (TrainedModel model =
          TrainedModel.forInference(runtime, folder, staged.adapter().map(AdapterFolder::open))) {
        for (String path : plan.data().eval()) {
          try (HostFiles files = plan.fetching().open();
              ShardSet rows = rows(folder, files, path)) {
            long together = (long) plan.scoreBatch() * ranks.worldSize();
            files.requireRoom(HostFiles.kept(rows, together), false);
            Evaluator evaluator =
                new Evaluator(
                    rows, plan.scoreBatch(), 0, model.model(), ranks, (state, score) -> {});
            TokenScore score = evaluator.evaluate();
            scores.add(ShardScore.of(path, rows.rowCount(), score));
          }
        }
      }
    }
    return scores;
  }

  private ShardSet rows(ModelFolder model, HostFiles files, String path) throws IOException {
    ShardOptions options = ShardOptions.of(model.config().vocabSize());
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

  private List<String> answers(StagedModel staged, Collective ranks, int threads) {
    List<String> own = new ArrayList<>();
    for (int i = ranks.rank(); i < plan.prompts().size(); i += ranks.worldSize()) {
      own.add(plan.prompts().get(i));
    }
    if (own.isEmpty()) {
      return own;
    }
    TextGenerator.Source source =
        new TextGenerator.Source(staged.model(), staged.adapter(), threads);
    try (TextGenerator generator = TextGenerator.open(source, plan.style())) {
      return generator.answers(
          own, GenerationSettings.greedy(plan.maxNewTokens(), Set.of()), plan.answerBatch());
    }
  }
}
