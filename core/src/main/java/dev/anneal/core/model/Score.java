package dev.anneal.core.model;

/** A loss sum with the number of targets that the greedy guess got right. */
public record Score(LossSum loss, long rightTokens) {
  public static final Score ZERO = new Score(LossSum.ZERO, 0);

  public Score plus(Score other) {
    return new Score(loss.plus(other.loss), rightTokens + other.rightTokens);
  }
}
