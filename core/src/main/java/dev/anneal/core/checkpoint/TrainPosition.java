package dev.anneal.core.checkpoint;

import dev.anneal.core.data.BatchPlan;

/**
 * Where a run stands after a step. Epoch and row follow from the step and the batches of the run; a
 * resume refuses to go on where they do not.
 *
 * @param step optimizer steps done
 * @param epoch passes over the data begun before the next row, from 0
 * @param nextRow rows of that pass which are consumed, in the order of the pass
 * @param tokens real tokens seen since the start
 * @param targetTokens targets seen since the start
 * @param seed the run's seed; every random number is a function of it
 */
public record TrainPosition(
    long step, long epoch, long nextRow, long tokens, long targetTokens, long seed) {
  public TrainPosition {
    if (step < 0 || epoch < 0 || nextRow < 0 || tokens < 0 || targetTokens < 0) {
      throw new IllegalArgumentException(
          "Invalid position: step "
              + step
              + ", epoch "
              + epoch
              + ", row "
              + nextRow
              + ", tokens "
              + tokens
              + ", target tokens "
              + targetTokens
              + " (must be >= 0)");
    }
  }

  /** The place after a step of a run with these batches. */
  public static TrainPosition after(
      long step, BatchPlan batches, long tokens, long targetTokens, long seed) {
    long epoch = step / batches.stepsPerEpoch();
    long nextRow = step % batches.stepsPerEpoch() * batches.globalBatch();
    return new TrainPosition(step, epoch, nextRow, tokens, targetTokens, seed);
  }
}
