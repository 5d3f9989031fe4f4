package dev.anneal.core.generate;

import java.util.Set;

/**
 * How tokens are chosen, by transformers' names and in its order: repetition penalty, forbidden
 * n-grams, then, when drawing, temperature, top-k, top-p.
 *
 * @param maxNewTokens most tokens added to a prompt
 * @param doSample draw by probability instead of taking the most likely
 * @param topK 0 keeps all
 * @param topP 1 keeps all
 * @param repetitionPenalty 1 is none
 * @param noRepeatNgramSize 0 is none
 * @param endIds generation of a sequence ends after one of these
 * @param seed of the draws
 */
public record GenerationSettings(
    int maxNewTokens,
    boolean doSample,
    double temperature,
    int topK,
    double topP,
    double repetitionPenalty,
    int noRepeatNgramSize,
    Set<Integer> endIds,
    long seed) {
  public GenerationSettings {
    require(maxNewTokens > 0, "max_new_tokens", maxNewTokens, "must be > 0");
    require(temperature > 0, "temperature", temperature, "must be > 0");
    require(topK >= 0, "top_k", topK, "must be >= 0");
    require(topP > 0 && topP <= 1, "top_p", topP, "must be in (0, 1]");
    require(repetitionPenalty > 0, "repetition_penalty", repetitionPenalty, "must be > 0");
    require(noRepeatNgramSize >= 0, "no_repeat_ngram_size", noRepeatNgramSize, "must be >= 0");
    endIds = Set.copyOf(endIds);
  }

  private static void require(boolean holds, String key, Number value, String rule) {
    if (!holds) {
      throw new IllegalArgumentException(
          "Invalid generate." + key + ": " + value + " (" + rule + ")");
    }
  }

  /** The same with other ends. */
  public GenerationSettings withEndIds(Set<Integer> ids) {
    return new GenerationSettings(
        maxNewTokens,
        doSample,
        temperature,
        topK,
        topP,
        repetitionPenalty,
        noRepeatNgramSize,
        ids,
        seed);
  }

  /** The most likely token each time. */
  public static GenerationSettings greedy(int maxNewTokens, Set<Integer> endIds) {
    return new GenerationSettings(maxNewTokens, false, 1, 0, 1, 1, 0, endIds, 0);
  }
}
