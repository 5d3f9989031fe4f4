package dev.anneal.jobs.preview;

import dev.anneal.data.config.TokenizeConfig;
import dev.anneal.jobs.config.SampleConfig;
import dev.anneal.jobs.job.JobContext;
import dev.anneal.jobs.job.JobFlag;
import dev.anneal.jobs.job.JobResult;
import dev.anneal.jobs.job.SparkJob;
import java.io.IOException;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * {@code anneal sample}: rows of the inputs of {@code tokenize} with their masks, before anything
 * is written. Stateless.
 */
public final class SampleJob implements SparkJob {
  @Override
  public String name() {
    return "sample";
  }

  @Override
  public String description() {
    return "Shows rows of the inputs of tokenize with what is trained on; writes nothing.";
  }

  @Override
  public List<JobFlag> flags() {
    return List.of(
        new JobFlag("--rows", "sample.rows", "N", "Rows of each input (sample.rows)."),
        new JobFlag("--seed", "sample.seed", "S", "Rows anywhere in an input (sample.seed)."),
        new JobFlag("--show", "sample.show", "", "Print the text of each row (sample.show)."),
        new JobFlag("--ids", "sample.ids", "", "Print the token ids (sample.ids)."));
  }

  @Override
  public JobResult run(JobContext context) throws IOException {
    JavaSparkContext spark = JavaSparkContext.fromSparkContext(context.spark().sparkContext());
    TokenizeConfig config = context.config().tokenize();
    SampleConfig sample = context.config().sample();
    PreviewSheet sheet = new PreviewRun(spark, config, sample).print(marks(context), context.out());
    String summary = sheet.summary();
    context.out().println(summary);
    return JobResult.ok(summary)
        .withCount("rows", sheet.used())
        .withCount("tokens", sheet.tokens())
        .withCount("target_tokens", sheet.targets());
  }

  public static MaskedText.Marks marks(JobContext context) {
    return context.interactive() ? MaskedText.Marks.COLOURS : MaskedText.Marks.BRACKETS;
  }
}
