package dev.anneal.jobs.quickstart;

import dev.anneal.core.config.AdapterConfig;
import dev.anneal.core.config.ModelConfig;
import dev.anneal.core.io.FileStore;
import dev.anneal.core.questions.ExactMatch;
import dev.anneal.core.questions.Question;
import dev.anneal.core.questions.QuestionFile;
import dev.anneal.core.report.AnswerScore;
import dev.anneal.core.report.GenerationComparison;
import dev.anneal.core.report.ScoreTable;
import dev.anneal.jobs.generate.AnswerTask;
import dev.anneal.jobs.generate.PromptStyle;
import dev.anneal.jobs.io.FetchPlan;
import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.job.JobContext;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Puts the sample's questions to one model after another and counts exact matches. */
final class Examination {
  private static final int MAX_NEW_TOKENS = 24;
  private static final int SHOWN = 12;

  private final JobContext context;
  private final List<QuestionSet> sets;
  private final List<Candidate> candidates = new ArrayList<>();

  private record QuestionSet(String name, List<Question> questions) {}

  /** A model's answers, set by set. */
  private record Candidate(String name, List<List<String>> answers) {}

  /** One number of the table. */
  record Line(String set, String model, AnswerScore score) {}

  Examination(JobContext context, String folder) {
    this.context = context;
    this.sets =
        List.of(
            read("held-out questions", FileStore.join(folder, "held-out.jsonl")),
            read("facts that no instruction asks", FileStore.join(folder, "unasked.jsonl")));
  }

  private QuestionSet read(String name, String file) {
    return new QuestionSet(name, QuestionFile.read(context.files(), file));
  }

  /** Asks a model everything; an empty adapter is the bare model. */
  void ask(String name, String model, String adapter) {
    ModelConfig modelConfig = context.config().model().pretrainedAt(model);
    AdapterConfig adapterConfig = context.config().adapter().existingAt(adapter);
    List<String> all =
        sets.stream().flatMap(set -> set.questions().stream()).map(Question::text).toList();
    List<String> answers =
        AnswerTask.ask(
            context,
            fetching(),
            new AnswerTask.Asked(modelConfig, adapterConfig),
            new AnswerTask.Prompts(all, PromptStyle.ofChat(), MAX_NEW_TOKENS));
    List<List<String>> bySet = new ArrayList<>();
    int at = 0;
    for (QuestionSet set : sets) {
      bySet.add(answers.subList(at, at + set.questions().size()));
      at += set.questions().size();
    }
    candidates.add(new Candidate(name, bySet));
  }

  private FetchPlan fetching() {
    HadoopFileStore store =
        new HadoopFileStore(context.spark().sparkContext().hadoopConfiguration());
    return FetchPlan.of(store, context.config().data());
  }

  List<Line> lines() {
    List<Line> lines = new ArrayList<>();
    for (int s = 0; s < sets.size(); s++) {
      for (Candidate candidate : candidates) {
        lines.add(new Line(sets.get(s).name(), candidate.name(), score(s, candidate)));
      }
    }
    return lines;
  }

  ScoreTable table() {
    List<ScoreTable.Row> rows = new ArrayList<>();
    for (int s = 0; s < sets.size(); s++) {
      int set = s;
      rows.add(
          new ScoreTable.Row(
              sets.get(s).name(),
              candidates.stream().map(candidate -> score(set, candidate)).toList()));
    }
    return new ScoreTable(
        "Exact match",
        "Greedy answers. No training row uses the sentences of the held-out questions.",
        candidates.stream().map(Candidate::name).toList(),
        rows);
  }

  private AnswerScore score(int set, Candidate candidate) {
    List<Question> questions = sets.get(set).questions();
    List<String> answers = candidate.answers().get(set);
    int right = 0;
    for (int i = 0; i < questions.size(); i++) {
      right += ExactMatch.matches(answers.get(i), questions.get(i).answer()) ? 1 : 0;
    }
    return new AnswerScore(right, questions.size());
  }

  /** Some held-out questions of each language with everyone's answers. */
  List<GenerationComparison> comparisons() {
    List<Question> questions = sets.get(0).questions();
    int step = Math.max(1, questions.size() / SHOWN);
    return Stream.iterate(0, i -> i < questions.size(), i -> i + step)
        .map(
            i ->
                new GenerationComparison(
                    questions.get(i).text(),
                    questions.get(i).answer(),
                    candidates.stream()
                        .map(
                            candidate ->
                                new GenerationComparison.Answer(
                                    candidate.name(), candidate.answers().get(0).get(i)))
                        .toList()))
        .toList();
  }
}
