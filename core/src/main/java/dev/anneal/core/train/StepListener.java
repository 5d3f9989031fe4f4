package dev.anneal.core.train;

import dev.anneal.core.run.StepMetrics;

/** Hears of every step on its rank; must not take part in collectives. */
public interface StepListener {
  void onStep(StepMetrics metrics);

  /** Whether the run is to end after the step in progress; one rank that says so is enough. */
  default boolean stopWanted() {
    return false;
  }
}
