package dev.anneal.core.train;

import dev.anneal.core.tensor.FreeMemory;

/**
 * Every so many steps native memory that lies free goes back to the system: micro-batches of
 * different lengths would let the process grow by a tenth. Stateless.
 */
public final class MemoryGivenBack implements StepHook {
  private static final long STEPS = 100;

  @Override
  public void after(TrainState state, boolean last) {
    if (state.step() % STEPS == 0) {
      FreeMemory.giveBack();
    }
  }
}
