package dev.anneal.jobs.tokenize;

import dev.anneal.core.config.InputConfig;
import dev.anneal.core.config.LengthFilterConfig;
import dev.anneal.core.config.TokenizeConfig;
import dev.anneal.data.filter.FilterChain;
import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.tokenizer.OpenTokenizers;
import java.io.IOException;
import java.io.Serializable;
import java.util.Map;

/**
 * Which rows are taken: decided on the driver as far as that needs the whole corpus, carried out on
 * executors. Immutable.
 *
 * @param set the set of {@code tokenize.split} that is written; empty without a split
 * @param decisions folder of {@link SplitDecisions}, which hold the filters' too; empty where no
 *     step needs the whole corpus
 * @param firstPass the split of the first pass with the same rows, for splits of later passes
 */
record StepsPlan(
    TokenizeConfig config, String set, String decisions, Map<Integer, Integer> firstPass)
    implements Serializable {
  StepsPlan {
    firstPass = Map.copyOf(firstPass);
  }

  RowChoice choice(HadoopFileStore store, CorpusSplit split, OpenTokenizers.Lease lease)
      throws IOException {
    LengthFilterConfig length = config.filters().length();
    boolean tokens = length.minTokens() > 0 || length.maxTokens() > 0;
    FilterChain filters = FilterChain.of(config.filters());
    if (set.isEmpty() && decisions.isEmpty() && filters.isEmpty() && !tokens) {
      return RowChoice.ALL;
    }
    InputConfig input = config.inputs().get(split.input());
    int first = firstPass.getOrDefault(split.index(), split.index());
    return new StepsChoice(
        RowText.of(config.stage(), input),
        new StepsChoice.Wanted(set, config.split()),
        decisions.isEmpty() ? filters : FilterChain.none(),
        decisions.isEmpty() ? SplitDecisions.none() : SplitDecisions.read(store, decisions, first),
        tokens ? TokenBounds.of(length, lease) : TokenBounds.none());
  }
}
