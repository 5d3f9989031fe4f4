package dev.anneal.jobs.quickstart;

import dev.anneal.core.io.FileStore;
import dev.anneal.core.report.AnswerScore;
import dev.anneal.core.report.HtmlReport;
import dev.anneal.core.report.ReportData;
import dev.anneal.core.train.RunProduct;
import dev.anneal.jobs.config.AnnealConfig;
import dev.anneal.jobs.failure.ExitCode;
import dev.anneal.jobs.failure.StoppedException;
import dev.anneal.jobs.job.JobContext;
import dev.anneal.jobs.job.JobResult;
import dev.anneal.jobs.job.SparkJob;
import dev.anneal.jobs.tokenize.TokenizeJob;
import dev.anneal.jobs.train.TrainJob;
import dev.anneal.jobs.train.TrainRun;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The whole path on the shipped sample: corpus to shards, continued pretraining of the tiny model,
 * instructions to rows, LoRA on them, the same LoRA without the corpus as a control, and the
 * answers of all three to questions in words that no training row uses. Run again, it goes on.
 */
public final class QuickstartJob implements SparkJob {
  private static final String PRETRAINED = "1-pretrained";
  private static final String TUNED = "2-tuned";
  private static final String CONTROL = "3-control";
  private static final String REPORT = "report.html";

  @Override
  public String name() {
    return "quickstart";
  }

  @Override
  public String description() {
    return "the whole path on the shipped sample, with a report: start here";
  }

  @Override
  public String outputFolder(AnnealConfig config) {
    return config.quickstart().output();
  }

  @Override
  public boolean placesRanks() {
    return true;
  }

  @Override
  public JobResult run(JobContext context) throws Exception {
    Layout at =
        new Layout(
            context.config().quickstart().requireSample(),
            context.config().quickstart().requireOutput());
    say(context, "1/6 tokenize the corpus");
    new TokenizeJob().run(context.with(at.sampleFile("pretrain.conf"), at.corpusSettings()));
    say(context, "2/6 continue pretraining on it");
    TrainRun pretrained = train(context, at, "pretrain.conf", PRETRAINED, at.sample("model"));
    say(context, "3/6 tokenize the instructions");
    new TokenizeJob().run(context.with(at.sampleFile("sft.conf"), at.instructionSettings()));
    say(context, "4/6 LoRA on the instructions");
    String model = at.out(PRETRAINED + "/" + RunProduct.MODEL);
    TrainRun tuned = train(context, at, "sft.conf", TUNED, model);
    say(context, "5/6 the same LoRA without the corpus, as a control");
    TrainRun control = train(context, at, "sft.conf", CONTROL, at.sample("model"));
    say(context, "6/6 ask the models");
    Examination exam = new Examination(context, at.sample("questions"));
    exam.ask("before", at.sample("model"), "");
    exam.ask("after", model, at.adapter(TUNED));
    exam.ask("without the corpus", at.sample("model"), at.adapter(CONTROL));
    HtmlReport.write(
        context.files(),
        at.out(REPORT),
        new ReportData(
            "Anneal quickstart",
            ReportData.Outcome.completed(),
            List.of(
                pretrained.report().named("Continued pretraining on the corpus"),
                tuned.report().named("LoRA on the instructions"),
                control.report().named("Control: LoRA without the corpus")),
            List.of(exam.table()),
            exam.comparisons(),
            tuned.manifest(),
            context.loaded().rendered()));
    return result(context, at, exam);
  }

  private TrainRun train(JobContext context, Layout at, String file, String name, String model)
      throws IOException {
    String shards = at.out(file.equals("sft.conf") ? "instruction-shards" : "corpus-shards");
    List<String> settings =
        List.of(
            "model.path=" + model,
            "data.train=[\"" + shards + "\"]",
            "train.output_dir=" + at.out(name),
            "train.samples.file=\"\"",
            "train.resume_from_checkpoint=auto");
    TrainRun run = new TrainJob().train(context.with(at.sampleFile(file), settings));
    if (run.result().code() != ExitCode.OK) {
      throw new StoppedException(run.result().message());
    }
    return run;
  }

  private JobResult result(JobContext context, Layout at, Examination exam) {
    JobResult result = JobResult.ok("see " + at.out(REPORT)).withPath("report", at.out(REPORT));
    StringBuilder lines = new StringBuilder();
    for (Examination.Line line : exam.lines()) {
      AnswerScore score = line.score();
      String name = line.set() + ", " + line.model();
      result =
          result
              .withCount(name + ": right", score.correct())
              .withCount(name + ": asked", score.total());
      lines.append(String.format("%-40s %3d of %3d right%n", name, score.correct(), score.total()));
    }
    context.out().print(lines);
    context.out().println("report: " + at.out(REPORT));
    return result;
  }

  private static void say(JobContext context, String line) {
    context.out().println(line);
    context.out().flush();
  }

  /** Where things lie. */
  private record Layout(String sample, String output) {
    String sample(String name) {
      return FileStore.join(sample, name);
    }

    String out(String name) {
      return FileStore.join(output, name);
    }

    List<String> sampleFile(String name) {
      return List.of(sample(name));
    }

    String adapter(String run) {
      return out(run + "/" + RunProduct.ADAPTER);
    }

    List<String> corpusSettings() {
      return tokenize(List.of("corpus", "replay"), "format: jsonl", "corpus-shards");
    }

    List<String> instructionSettings() {
      return tokenize(
          List.of("instructions.jsonl"),
          "format: jsonl, dataset_format: alpaca",
          "instruction-shards");
    }

    private List<String> tokenize(List<String> files, String format, String shards) {
      String inputs =
          files.stream()
              .map(file -> "{path: \"" + sample(file) + "\", " + format + "}")
              .collect(Collectors.joining(", ", "[", "]"));
      List<String> settings = new ArrayList<>();
      settings.add("tokenize.tokenizer=" + sample("tokenizer"));
      settings.add("tokenize.inputs=" + inputs);
      settings.add("tokenize.output=" + out(shards));
      return settings;
    }
  }
}
