package dev.anneal.core.model;

/** A loss sum with the number of targets that the greedy guess got right. */
public record TokenScore(LossSum loss, long rightTokens) {
  public static final TokenScore ZERO = new TokenScore(LossSum.ZERO, 0);

  public TokenScore plus(TokenScore other) {
    return new TokenScore(loss.plus(other.loss), rightTokens + other.rightTokens);
  }
}
