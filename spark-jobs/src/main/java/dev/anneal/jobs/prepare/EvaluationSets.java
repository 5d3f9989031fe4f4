package dev.anneal.jobs.prepare;

import dev.anneal.data.dedup.EvaluationGrams;
import java.io.Serializable;
import java.util.List;

/**
 * Evaluation sets by name, with their n-grams. Immutable and thread-safe.
 *
 * @param names one a set, in the order in which they are asked
 */
public record EvaluationSets(List<String> names, EvaluationGrams grams) implements Serializable {
  public EvaluationSets {
    names = List.copyOf(names);
  }

  /** No sets: nothing is contaminated. */
  public static EvaluationSets none() {
    return new EvaluationSets(List.of(), EvaluationGrams.of(1, List.of()));
  }
}
