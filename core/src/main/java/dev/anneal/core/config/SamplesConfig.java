package dev.anneal.core.config;

import java.io.Serializable;
import java.util.List;

/**
 * Prompts answered greedily before and after training, for the report. Immutable.
 *
 * @param prompts the prompts themselves
 * @param file a jsonl file of more prompts ({@code prompt} or {@code question}, and {@code answer}
 *     if it is scored); empty for none
 * @param chat apply the tokenizer's chat template to each prompt
 */
public record SamplesConfig(List<String> prompts, String file, int maxNewTokens, boolean chat)
    implements Serializable {
  public SamplesConfig {
    prompts = List.copyOf(prompts);
    Rule.positive("train.samples.max_new_tokens", maxNewTokens);
  }

  /** Whether there is anything to generate. */
  public boolean present() {
    return !prompts.isEmpty() || !file.isEmpty();
  }
}
