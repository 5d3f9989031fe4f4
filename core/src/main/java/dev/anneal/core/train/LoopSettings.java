package dev.anneal.core.train;

/**
 * What the loop itself needs to know.
 *
 * @param totalSteps optimizer steps of the whole run
 * @param accumulationSteps micro-batches of a rank in one step
 * @param maxGradNorm 0 for no clipping
 * @param tokensAStep of all ranks, on average; 1 where gradients are not scaled
 */
public record LoopSettings(
    long totalSteps, int accumulationSteps, double maxGradNorm, double tokensAStep) {

  /** For types that need no loss scale. */
  public LoopSettings(long totalSteps, int accumulationSteps, double maxGradNorm) {
    this(totalSteps, accumulationSteps, maxGradNorm, 1);
  }

  /**
   * What the gradients of a step are multiplied by. A loss scale is meant for the mean over the
   * step's tokens, of which only the sum is known before the step's end: it is divided by about as
   * many, a power of two.
   */
  double gradientFactor(TrainState state) {
    int exponent = Math.getExponent(Math.max(1, tokensAStep));
    return state.lossScale().map(scale -> Math.scalb(scale.value(), -exponent)).orElse(1.0);
  }
}
