package dev.anneal.jobs.evaluate;

import java.util.List;
import java.util.Optional;

/**
 * How good the model is with one adapter. Immutable.
 *
 * @param adapter its name; empty for {@code adapter.path} or the bare model
 */
record AdapterScores(String adapter, List<ShardScore> shards, List<ScoredQuestions> questions) {
  AdapterScores {
    shards = List.copyOf(shards);
    questions = List.copyOf(questions);
  }

  /** What of a figure's name tells whose it is. */
  String of() {
    return adapter.isEmpty() ? "" : " of " + adapter;
  }

  /** A score that was measured and is no number. */
  Optional<ShardScore> broken() {
    return shards.stream()
        .filter(score -> score.measured() && !Double.isFinite(score.loss()))
        .findFirst();
  }
}
