package dev.anneal.jobs.config;

import dev.anneal.core.config.Rule;
import java.io.Serializable;
import java.util.List;

/**
 * What the evaluate job measures besides the loss on {@code data.eval}. Immutable.
 *
 * @param outputDir folder of the results; empty prints them only
 * @param questions jsonl files of questions with answers, scored by exact match
 * @param adapters are scored too, over one opened model
 * @param generations how many of the answers are shown in the results
 */
public record EvaluateConfig(
    String outputDir,
    List<String> questions,
    List<NamedAdapter> adapters,
    int generations,
    int maxNewTokens)
    implements Serializable {
  public EvaluateConfig {
    questions = List.copyOf(questions);
    adapters = NamedAdapter.require("evaluate.adapters", adapters);
    Rule.noBlank("evaluate.questions", questions);
    Rule.notNegative("evaluate.generations", generations);
    Rule.positive("evaluate.max_new_tokens", maxNewTokens);
  }
}
