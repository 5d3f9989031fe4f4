package dev.anneal.core.train;

import dev.anneal.core.data.InvalidRowException;

/** Ends a run whose rows hold no target at all: it would train nothing and look well. */
final class TargetsRequired implements StepHook {
  private final long stepsPerEpoch;

  TargetsRequired(long stepsPerEpoch) {
    this.stepsPerEpoch = stepsPerEpoch;
  }

  @Override
  public void after(TrainState state, boolean last) {
    boolean seenAll = last || state.step() >= stepsPerEpoch;
    if (seenAll && state.targetTokensSeen() == 0) {
      throw new InvalidRowException(
          "Invalid data.train: none of the rows up to step "
              + state.step()
              + " has a target (every label is -100, or every row has one token only; look at"
              + " tokenize.mask and tokenize.block_size)");
    }
  }
}
