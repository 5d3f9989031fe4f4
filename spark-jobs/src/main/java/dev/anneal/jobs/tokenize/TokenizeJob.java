package dev.anneal.jobs.tokenize;

import dev.anneal.core.config.AnnealConfig;
import dev.anneal.core.config.TokenizeConfig;
import dev.anneal.core.data.ShardManifest;
import dev.anneal.core.io.FileStore;
import dev.anneal.jobs.JobContext;
import dev.anneal.jobs.JobResult;
import dev.anneal.jobs.SparkJob;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaSparkContext;

/** {@code anneal tokenize}: corpora to Arrow shards, a manifest and a report. Stateless. */
public final class TokenizeJob implements SparkJob {
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
    if (config.split().present()) {
      return sets(context, new SplitOutput(spark, config).run());
    }
    TokenizeOutcome outcome = new TokenizePipeline(spark, config).run();
    String message = say(context, config.output(), outcome);
    return result(message, List.of(outcome))
        .withPath("shards", config.output())
        .withPath("report", outcome.reportPath());
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
        "%s: %,d rows, %,d tokens, %,d with a loss, %d shards%s"
            .formatted(
                folder,
                counts.rows(),
                counts.tokens(),
                counts.targetTokens(),
                outcome.manifest().shards().size(),
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
