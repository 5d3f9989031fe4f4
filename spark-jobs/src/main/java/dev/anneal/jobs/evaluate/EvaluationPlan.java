package dev.anneal.jobs.evaluate;

import dev.anneal.core.config.AdapterConfig;
import dev.anneal.core.config.DataConfig;
import dev.anneal.core.config.ModelConfig;
import dev.anneal.jobs.config.AnnealConfig;
import dev.anneal.jobs.generate.PromptStyle;
import dev.anneal.jobs.io.FetchPlan;
import dev.anneal.jobs.io.HadoopFileStore;
import java.io.Serializable;
import java.util.List;

/**
 * What every rank of an evaluation does. Immutable; travels to executors.
 *
 * @param prompts to answer greedily, in order
 * @param scoreBatch rows scored at once
 * @param answerBatch prompts answered side by side
 */
record EvaluationPlan(
    ModelConfig model,
    AdapterConfig adapter,
    DataConfig data,
    List<String> prompts,
    PromptStyle style,
    int maxNewTokens,
    int scoreBatch,
    int answerBatch,
    FetchPlan fetching)
    implements Serializable {
  EvaluationPlan {
    prompts = List.copyOf(prompts);
  }

  static EvaluationPlan of(AnnealConfig config, List<String> prompts, HadoopFileStore store) {
    return new EvaluationPlan(
        config.model(),
        config.adapter(),
        config.data(),
        prompts,
        PromptStyle.of(config),
        config.evaluate().maxNewTokens(),
        config.train().perDeviceEvalBatchSize(),
        config.generate().batchSize(),
        FetchPlan.of(store, config.data()));
  }
}
