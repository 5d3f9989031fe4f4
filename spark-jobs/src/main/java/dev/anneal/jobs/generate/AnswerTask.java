package dev.anneal.jobs.generate;

import dev.anneal.core.config.AdapterConfig;
import dev.anneal.core.config.DistributedConfig;
import dev.anneal.core.config.ModelConfig;
import dev.anneal.core.generate.GenerationSettings;
import dev.anneal.jobs.io.FetchPlan;
import dev.anneal.jobs.io.StagedModel;
import dev.anneal.jobs.job.JobContext;
import dev.anneal.jobs.placement.NativeFolder;
import dev.anneal.jobs.task.JavaBytes;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.Function;

/**
 * Greedy answers of a model, computed where the ranks run: the driver may be too small for it.
 * Immutable; travels to an executor.
 */
public final class AnswerTask implements Function<Integer, byte[]> {
  private static final long serialVersionUID = 1L;
  private static final int BATCH = 16;

  private final Asked asked;
  private final DistributedConfig distributed;
  private final NativeFolder natives;
  private final FetchPlan fetching;
  private final Prompts prompts;

  /** What is asked: one greedy answer a prompt. */
  public record Prompts(List<String> texts, PromptStyle style, int maxNewTokens)
      implements Serializable {
    public Prompts {
      texts = new ArrayList<>(texts);
    }
  }

  /** Who is asked. */
  public record Asked(ModelConfig model, AdapterConfig adapter) implements Serializable {}

  /** What comes back, in the order of the prompts. */
  private record Answers(List<String> texts) implements Serializable {
    private Answers {
      texts = new ArrayList<>(texts);
    }
  }

  private AnswerTask(JobContext context, FetchPlan fetching, Asked asked, Prompts prompts) {
    this.asked = asked;
    this.distributed = context.config().distributed();
    this.natives = context.natives();
    this.fetching = fetching;
    this.prompts = prompts;
  }

  /** Asks the model in one Spark task; the answers in the order of the prompts. */
  public static List<String> ask(
      JobContext context, FetchPlan fetching, Asked asked, Prompts prompts) {
    if (prompts.texts().isEmpty()) {
      return List.of();
    }
    JavaSparkContext spark = JavaSparkContext.fromSparkContext(context.spark().sparkContext());
    AnswerTask task = new AnswerTask(context, fetching, asked, prompts);
    byte[] answers = spark.parallelize(List.of(0), 1).map(task).collect().get(0);
    return JavaBytes.to(Answers.class, answers).texts();
  }

  @Override
  public byte[] call(Integer part) throws IOException {
    natives.require();
    GenerationSettings greedy = GenerationSettings.greedy(prompts.maxNewTokens(), Set.of());
    try (StagedModel staged = StagedModel.open(asked.model(), asked.adapter(), fetching);
        TextGenerator generator =
            TextGenerator.open(TextGenerator.Source.of(staged, distributed), prompts.style())) {
      return JavaBytes.of(new Answers(generator.answers(prompts.texts(), greedy, BATCH)));
    }
  }
}
