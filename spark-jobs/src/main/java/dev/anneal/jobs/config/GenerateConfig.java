package dev.anneal.jobs.config;

import dev.anneal.core.config.Rule;
import java.io.Serializable;
import java.util.List;

/**
 * How text is generated, by transformers' names. Immutable.
 *
 * @param prompt one prompt; empty when they come from {@code input} or the keyboard
 * @param input jsonl file of prompts; empty for none
 * @param output jsonl file of answers; empty prints them
 * @param adapters adapters that rows of {@code input} or the keyboard choose by name
 * @param interactive read prompts from the keyboard
 * @param chat apply the tokenizer's chat template
 * @param system system message under the chat template; empty for none
 * @param doSample draw by probability; false takes the most likely token
 * @param topK keep the k most likely tokens; 0 keeps all
 * @param noRepeatNgramSize forbid an n-gram from coming twice; 0 allows it
 * @param batchSize prompts generated side by side
 */
public record GenerateConfig(
    String prompt,
    String input,
    String output,
    List<NamedAdapter> adapters,
    boolean interactive,
    boolean chat,
    String system,
    int maxNewTokens,
    boolean doSample,
    double temperature,
    int topK,
    double topP,
    double repetitionPenalty,
    int noRepeatNgramSize,
    int numReturnSequences,
    int batchSize,
    long seed)
    implements Serializable {
  public GenerateConfig {
    adapters = NamedAdapter.require("generate.adapters", adapters);
    Rule.check(
        adapters.isEmpty() || prompt.isEmpty(),
        "generate.adapters",
        String.valueOf(adapters.size()),
        "has no effect with generate.prompt: rows of generate.input name them, or adapter.path");
    Rule.positive("generate.max_new_tokens", maxNewTokens);
    Rule.positive("generate.temperature", temperature);
    Rule.notNegative("generate.top_k", topK);
    Rule.check(topP > 0 && topP <= 1, "generate.top_p", topP, "must be in (0, 1]");
    Rule.positive("generate.repetition_penalty", repetitionPenalty);
    Rule.notNegative("generate.no_repeat_ngram_size", noRepeatNgramSize);
    Rule.positive("generate.num_return_sequences", numReturnSequences);
    Rule.check(
        doSample || numReturnSequences == 1,
        "generate.num_return_sequences",
        numReturnSequences,
        "must be 1 unless generate.do_sample = true");
    Rule.positive("generate.batch_size", batchSize);
  }
}
