package dev.anneal.jobs.tokenize.choose;

import dev.anneal.data.config.InputConfig;
import dev.anneal.data.config.LengthFilterConfig;
import dev.anneal.data.config.TokenizeConfig;
import dev.anneal.data.filter.FilterChain;
import dev.anneal.jobs.corpus.CorpusSplit;
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
 * @param firstPass number that a split with the same rows has in one pass over all inputs, where it
 *     is another
 */
public record StepsPlan(
    TokenizeConfig config, String set, String decisions, Map<Integer, Integer> firstPass)
    implements Serializable {
  public StepsPlan {
    firstPass = Map.copyOf(firstPass);
  }

  StepsPlan withFirstPass(Map<Integer, Integer> like) {
    return new StepsPlan(config, set, decisions, like);
  }

  public RowChoice choice(HadoopFileStore store, CorpusSplit split, OpenTokenizers.Lease lease)
      throws IOException {
    LengthFilterConfig length = config.filters().length();
    boolean bounded = length.minTokens() > 0 || length.maxTokens() > 0;
    return choice(store, split, bounded ? TokenBounds.of(length, lease) : TokenBounds.none());
  }

  /** The choice as far as the text alone makes it, without counting tokens. */
  public RowChoice choice(HadoopFileStore store, CorpusSplit split) throws IOException {
    return choice(store, split, TokenBounds.none());
  }

  private RowChoice choice(HadoopFileStore store, CorpusSplit split, TokenBounds tokens)
      throws IOException {
    FilterChain filters = FilterChain.of(config.filters());
    if (set.isEmpty() && decisions.isEmpty() && filters.isEmpty() && tokens.isEmpty()) {
      return RowChoice.ALL;
    }
    InputConfig input = config.inputs().get(split.input());
    int first = firstPass.getOrDefault(split.index(), split.index());
    return new StepsChoice(
        StepsText.of(config.stage(), input),
        new StepsChoice.Wanted(set, config.split()),
        decisions.isEmpty() ? filters : FilterChain.none(),
        decisions.isEmpty() ? SplitDecisions.none() : SplitDecisions.read(store, decisions, first),
        tokens);
  }
}
