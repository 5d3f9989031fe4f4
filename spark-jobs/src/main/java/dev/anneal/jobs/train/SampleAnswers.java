package dev.anneal.jobs.train;

import dev.anneal.core.config.AdapterConfig;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.ModelConfig;
import dev.anneal.core.config.SamplesConfig;
import dev.anneal.core.io.FileStore;
import dev.anneal.core.questions.ExactMatch;
import dev.anneal.core.questions.QuestionFile;
import dev.anneal.core.questions.Sample;
import dev.anneal.core.report.AnswerScore;
import dev.anneal.core.report.GenerationComparison;
import dev.anneal.core.report.ScoreTable;
import dev.anneal.core.train.RunProduct;
import dev.anneal.jobs.config.AnnealConfig;
import dev.anneal.jobs.generate.AnswerTask;
import dev.anneal.jobs.generate.PromptStyle;
import dev.anneal.jobs.io.FetchPlan;
import dev.anneal.jobs.job.JobContext;
import java.util.ArrayList;
import java.util.List;

/** The prompts of {@code train.samples}, answered before and after a training. */
final class SampleAnswers {
  private final JobContext context;
  private final FetchPlan fetching;
  private final List<Sample> asked = new ArrayList<>();
  private List<String> before = List.of();
  private List<String> after = List.of();

  SampleAnswers(JobContext context, FetchPlan fetching) {
    this.context = context;
    this.fetching = fetching;
    SamplesConfig samples = context.config().train().samples();
    for (String prompt : samples.prompts()) {
      asked.add(sample(prompt));
    }
    if (!samples.file().isEmpty()) {
      asked.addAll(QuestionFile.samples(context.files(), samples.file()));
    }
  }

  private static Sample sample(String prompt) {
    try {
      return new Sample(prompt);
    } catch (IllegalArgumentException e) {
      throw new ConfigException("Invalid train.samples.prompts: one is empty (must have text)", e);
    }
  }

  /** Asks the model as it is; one without weights has nothing to say. */
  void askBefore() {
    AnnealConfig config = context.config();
    if (!config.model().fromScratch()) {
      before = ask(config.model(), config.adapter().existingAt(config.adapter().path()));
    }
  }

  /**
   * Asks the trained model.
   *
   * @param adapter whether the run leaves an adapter, or a model
   */
  void askAfter(boolean adapter) {
    AnnealConfig config = context.config();
    String output = config.train().outputDir();
    after =
        adapter
            ? ask(
                config.model(), config.adapter().existingAt(config.adapter().adapterFolder(output)))
            : ask(
                config.model().pretrainedAt(FileStore.join(output, RunProduct.MODEL)),
                config.adapter().existingAt(""));
  }

  private List<String> ask(ModelConfig model, AdapterConfig adapter) {
    SamplesConfig samples = context.config().train().samples();
    PromptStyle style =
        new PromptStyle(samples.chat(), "", context.config().tokenize().chatTemplate());
    List<String> texts = asked.stream().map(Sample::prompt).toList();
    return AnswerTask.ask(
        context,
        fetching,
        new AnswerTask.Asked(model, adapter),
        new AnswerTask.Prompts(texts, style, samples.maxNewTokens()));
  }

  /** What the report shows side by side. */
  List<GenerationComparison> comparisons() {
    List<GenerationComparison> result = new ArrayList<>();
    for (int i = 0; i < asked.size(); i++) {
      List<GenerationComparison.Answer> answers = new ArrayList<>();
      if (!before.isEmpty()) {
        answers.add(new GenerationComparison.Answer("before", before.get(i)));
      }
      if (!after.isEmpty()) {
        answers.add(new GenerationComparison.Answer("after", after.get(i)));
      }
      Sample sample = asked.get(i);
      result.add(new GenerationComparison(sample.prompt(), sample.answer(), answers));
    }
    return result;
  }

  /** Exact matches, where answers are known. */
  List<ScoreTable> scores() {
    boolean known = asked.stream().anyMatch(sample -> !sample.answer().isEmpty());
    if (!known) {
      return List.of();
    }
    List<AnswerScore> scores = List.of(score(before), score(after));
    return List.of(
        new ScoreTable(
            "Exact match",
            "",
            List.of("before", "after"),
            List.of(new ScoreTable.Row("samples", scores))));
  }

  private AnswerScore score(List<String> answers) {
    if (answers.isEmpty()) {
      return AnswerScore.notMeasured();
    }
    int right = 0;
    int total = 0;
    for (int i = 0; i < asked.size(); i++) {
      String expected = asked.get(i).answer();
      if (!expected.isEmpty()) {
        total++;
        right += ExactMatch.matches(answers.get(i), expected) ? 1 : 0;
      }
    }
    return new AnswerScore(right, total);
  }
}
