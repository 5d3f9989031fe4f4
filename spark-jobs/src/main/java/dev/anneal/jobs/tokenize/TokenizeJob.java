package dev.anneal.jobs.tokenize;

import dev.anneal.core.config.AnnealConfig;
import dev.anneal.core.config.TokenizeConfig;
import dev.anneal.core.data.ShardManifest;
import dev.anneal.jobs.JobContext;
import dev.anneal.jobs.JobResult;
import dev.anneal.jobs.SparkJob;
import java.io.IOException;
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
    TokenizeOutcome outcome = new TokenizePipeline(spark, config).run();
    ShardManifest.Counts counts = outcome.manifest().counts();
    String message =
        "%s: %,d rows, %,d tokens, %,d with a loss, %d shards%s"
            .formatted(
                config.output(),
                counts.rows(),
                counts.tokens(),
                counts.targetTokens(),
                outcome.manifest().shards().size(),
                outcome.upToDate() ? " (up to date: nothing to do)" : "");
    context.out().println(message);
    if (outcome.badRows() > 0) {
      context.out().printf("%d bad rows: _anneal/quarantine%n", outcome.badRows());
    }
    return JobResult.ok(message)
        .withCount("rows", counts.rows())
        .withCount("tokens", counts.tokens())
        .withCount("target_tokens", counts.targetTokens())
        .withCount("bad_rows", outcome.badRows())
        .withPath("shards", config.output())
        .withPath("report", outcome.reportPath());
  }
}
