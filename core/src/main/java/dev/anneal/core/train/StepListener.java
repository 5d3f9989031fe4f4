package dev.anneal.core.train;

import dev.anneal.core.run.StepMetrics;

/** Hears of every step on its rank; must not take part in collectives. */
public interface StepListener {
  void onStep(StepMetrics metrics);
}
