package dev.anneal.core.train;

import dev.anneal.core.model.MicroBatch;

/** The micro-batches of one rank as a pure function of their place in the run. */
public interface MicroBatchSource {
  /** The slice of a step (from 0) and an accumulation step; may hold no rows. */
  MicroBatch at(long step, int accumulationStep);

  /** Passes over the data once a step (from 0) is done. */
  double epochAfter(long step);
}
