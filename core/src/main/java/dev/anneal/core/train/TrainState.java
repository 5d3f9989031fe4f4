package dev.anneal.core.train;

import dev.anneal.core.optim.LossScale;
import java.util.Optional;

/**
 * How far a run is; with the settings this decides all that follows.
 *
 * @param step optimizer steps done
 * @param tokensSeen real tokens of those steps over all ranks
 * @param targetTokensSeen targets of those steps over all ranks
 * @param lossScale of the next step, in fp16
 */
public record TrainState(
    long step, long tokensSeen, long targetTokensSeen, Optional<LossScale> lossScale) {
  public static final TrainState START = new TrainState(0, 0, 0);

  /** Without a loss scale. */
  public TrainState(long step, long tokensSeen, long targetTokensSeen) {
    this(step, tokensSeen, targetTokensSeen, Optional.empty());
  }

  TrainState with(Optional<LossScale> scale) {
    return new TrainState(step, tokensSeen, targetTokensSeen, scale);
  }

  /** The optimizer's own count of the next update, from 1: steps left out do not count. */
  long nextUpdate() {
    return step + 1 - skippedSteps();
  }

  /** Steps that were left out. */
  long skippedSteps() {
    return lossScale.map(LossScale::skippedSteps).orElse(0L);
  }

  TrainState advance(long tokens, long targetTokens, boolean overflow) {
    return new TrainState(
        step + 1,
        tokensSeen + tokens,
        targetTokensSeen + targetTokens,
        lossScale.map(scale -> overflow ? scale.afterOverflow() : scale.afterUpdate()));
  }
}
