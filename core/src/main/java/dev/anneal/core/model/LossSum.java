package dev.anneal.core.model;

/**
 * Losses summed, not averaged: micro-batches and ranks differ in targets.
 *
 * @param sum of nll over the positions with a target, fp64
 * @param targetTokens number of those positions
 * @param tokens all real tokens
 */
public record LossSum(double sum, long targetTokens, long tokens) {
  public static final LossSum ZERO = new LossSum(0, 0, 0);

  public LossSum plus(LossSum other) {
    return new LossSum(sum + other.sum, targetTokens + other.targetTokens, tokens + other.tokens);
  }
}
