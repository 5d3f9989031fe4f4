package dev.anneal.core.train;

import dev.anneal.core.run.StepMetrics;

/** Hands steps on and adds up what they took, without what stands between them. One thread. */
final class StepClock implements StepListener {
  private final StepListener next;
  private double seconds;

  StepClock(StepListener next) {
    this.next = next;
  }

  @Override
  public void onStep(StepMetrics step) {
    if (step.tokens() > 0) {
      seconds += step.tokens() / step.tokensPerSecond();
    }
    next.onStep(step);
  }

  @Override
  public boolean stopWanted() {
    return next.stopWanted();
  }

  double seconds() {
    return seconds;
  }
}
