package dev.anneal.core.train;

import dev.anneal.core.model.MicroBatch;

/** Micro-batches whose taking is a sign of progress: the one before has been computed. */
record WatchedBatches(MicroBatchSource source, ProgressListener listener)
    implements MicroBatchSource {
  @Override
  public MicroBatch at(long step, int accumulationStep) {
    MicroBatch batch = source.at(step, accumulationStep);
    listener.progress();
    return batch;
  }

  @Override
  public double epochAfter(long step) {
    return source.epochAfter(step);
  }
}
