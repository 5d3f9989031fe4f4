package dev.anneal.core.optim;

import dev.anneal.core.config.TrainConfig.LrSchedulerType;

/**
 * The learning rate as a pure function of the optimizer step, by the formulas of transformers'
 * schedulers: linear warmup from 0, then the named shape down to 0 at the last step. Immutable.
 *
 * @param peak the configured learning rate
 * @param warmupSteps steps of the warmup, 0 for none
 * @param totalSteps steps of the whole run
 */
public record LearningRateSchedule(
    LrSchedulerType type, double peak, long warmupSteps, long totalSteps) {

  /** The rate of the update that follows {@code step} completed ones. */
  public double at(long step) {
    return peak * factor(step);
  }

  private double factor(long step) {
    if (type != LrSchedulerType.CONSTANT && step < warmupSteps) {
      return (double) step / Math.max(1, warmupSteps);
    }
    double rest = Math.max(1, totalSteps - warmupSteps);
    return switch (type) {
      case LINEAR -> Math.max(0, (totalSteps - step) / rest);
      case COSINE -> Math.max(0, 0.5 * (1 + Math.cos(Math.PI * ((step - warmupSteps) / rest))));
      case CONSTANT, CONSTANT_WITH_WARMUP -> 1;
    };
  }
}
