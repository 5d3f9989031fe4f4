package dev.anneal.core.train;

/**
 * Work between two steps that all ranks do together: evaluation, checkpoints. Called on every rank
 * in the same order.
 */
public interface StepHook {
  /**
   * @param state after the step
   * @param last whether the run ends here
   */
  void after(TrainState state, boolean last);
}
