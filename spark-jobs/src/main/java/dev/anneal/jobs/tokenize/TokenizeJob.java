package dev.anneal.jobs.tokenize;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.Redaction;
import dev.anneal.core.data.ShardManifest;
import dev.anneal.core.io.FileStore;
import dev.anneal.data.config.TokenizeConfig;
import dev.anneal.data.sft.MaskException;
import dev.anneal.jobs.config.AnnealConfig;
import dev.anneal.jobs.config.SampleConfig;
import dev.anneal.jobs.job.JobContext;
import dev.anneal.jobs.job.JobResult;
import dev.anneal.jobs.job.SparkJob;
import dev.anneal.jobs.preview.PreviewRun;
import dev.anneal.jobs.preview.SampleJob;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaSparkContext;

/** {@code anneal tokenize}: corpora to Arrow shards, a manifest and a report. Stateless. */
public final class TokenizeJob implements SparkJob {
  private static final SampleConfig ONE_ROW = new SampleConfig(1, -1, true, false);

  @Override
  public String name() {
    return "tokenize";
  }

  @Override
  public String description() {
    return "Turns corpora into token shards that datasets.load_from_disk opens.";
  }

  @Override
  public String outputFolder(AnnealConfig config) {
    return config.tokenize().output();
  }

  @Override
  public JobResult run(JobContext context) throws IOException {
    TokenizeConfig config = context.config().tokenize();
    JavaSparkContext spark = JavaSparkContext.fromSparkContext(context.spark().sparkContext());
    try {
      if (config.split().present()) {
        return sets(context, new OutputSets(spark, config).run());
      }
      TokenizeOutcome outcome = new TokenizePipeline(spark, config).run();
      String message = say(context, config.output(), outcome);
      return result(message, List.of(outcome))
          .withPath("shards", config.output())
          .withPath("report", outcome.reportPath());
    } catch (ConfigException e) {
      if (e.getCause() instanceof MaskException) {
        showOneRow(context, spark, e);
      }
      throw e;
    }
  }

  /** What a mask makes of a row says more than the refusal, which stands behind it. */
  private static void showOneRow(JobContext context, JavaSparkContext spark, ConfigException why) {
    try {
      new PreviewRun(spark, context.config().tokenize(), ONE_ROW)
          .print(SampleJob.marks(context), context.out());
    } catch (IOException | RuntimeException e) {
      why.addSuppressed(e);
    }
  }

  private static JobResult sets(JobContext context, Map<String, TokenizeOutcome> sets) {
    String output = context.config().tokenize().output();
    List<String> messages = new ArrayList<>();
    sets.forEach(
        (name, outcome) -> messages.add(say(context, FileStore.join(output, name), outcome)));
    JobResult result = result(String.join("; ", messages), List.copyOf(sets.values()));
    for (Map.Entry<String, TokenizeOutcome> set : sets.entrySet()) {
      result =
          result
              .withPath(set.getKey(), FileStore.join(output, set.getKey()))
              .withPath("report_" + set.getKey(), set.getValue().reportPath());
    }
    return result.withPath("shards", output);
  }

  private static String say(JobContext context, String folder, TokenizeOutcome outcome) {
    ShardManifest.Counts counts = outcome.manifest().counts();
    String message =
        "%s: %,d rows, %,d tokens, %,d with a loss, %d %s%s"
            .formatted(
                Redaction.text(folder),
                counts.rows(),
                counts.tokens(),
                counts.targetTokens(),
                outcome.manifest().files().size(),
                outcome.manifest().outputs().isEmpty() ? "shards" : "files",
                outcome.upToDate() ? " (up to date: nothing to do)" : "");
    context.out().println(message);
    if (outcome.badRows() > 0) {
      context.out().printf("%d bad rows: _anneal/quarantine%n", outcome.badRows());
    }
    return message;
  }

  private static JobResult result(String message, List<TokenizeOutcome> outcomes) {
    ShardManifest.Counts counts =
        outcomes.stream()
            .map(outcome -> outcome.manifest().counts())
            .reduce(ShardManifest.Counts.ZERO, ShardManifest.Counts::plus);
    return JobResult.ok(message)
        .withCount("rows", counts.rows())
        .withCount("tokens", counts.tokens())
        .withCount("target_tokens", counts.targetTokens())
        .withCount("bad_rows", outcomes.stream().mapToLong(TokenizeOutcome::badRows).sum());
  }
}
