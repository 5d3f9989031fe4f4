package dev.anneal.jobs.evaluate;

import dev.anneal.core.config.AdapterConfig;
import dev.anneal.core.config.DataConfig;
import dev.anneal.core.config.ModelConfig;
import dev.anneal.jobs.config.AnnealConfig;
import dev.anneal.jobs.generate.PromptStyle;
import dev.anneal.jobs.io.FetchPlan;
import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.io.StagedModel;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * What every rank of an evaluation does. Immutable; travels to executors.
 *
 * @param named adapters that are scored too
 * @param prompts to answer greedily, in order
 * @param scoreBatch rows scored at once
 * @param answerBatch prompts answered side by side
 */
record EvaluationPlan(
    ModelConfig model,
    AdapterConfig adapter,
    StagedModel.Named named,
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

  /** The adapters in their order, the empty name for {@code adapter.path} or the bare model. */
  List<String> adapters() {
    List<String> names = new ArrayList<>(List.of(""));
    named.adapters().forEach(adapter -> names.add(adapter.name()));
    return names;
  }

  static EvaluationPlan of(AnnealConfig config, List<String> prompts, HadoopFileStore store) {
    return new EvaluationPlan(
        config.model(),
        config.adapter(),
        new StagedModel.Named("evaluate.adapters", config.evaluate().adapters()),
        config.data(),
        prompts,
        PromptStyle.of(config),
        config.evaluate().maxNewTokens(),
        config.train().perDeviceEvalBatchSize(),
        config.generate().batchSize(),
        FetchPlan.of(store, config.data()));
  }
}
