package dev.anneal.core.data;

/**
 * Which rows each rank takes in each step: pure arithmetic, the same on every rank, independent of
 * the world size as long as the global batch stays.
 *
 * <p>With G = batch · accumulation · world size, step s of an epoch takes positions [sG, (s+1)G) of
 * the epoch's order; accumulation step a of rank r takes the slice that starts at (a · world size +
 * r) · batch. The last step of an epoch may be short; it is never merged with the next epoch, so
 * its last slices may be short or empty. Steps and epochs count from 0.
 *
 * @param order the rows and how an epoch visits them
 * @param deviceBatch rows of one rank in one accumulation step
 * @param accumulationSteps slices that a rank takes before one update
 * @param worldSize number of ranks
 */
public record BatchPlan(RowOrder order, int deviceBatch, int accumulationSteps, int worldSize) {
  public BatchPlan {
    requirePositive("per_device_train_batch_size", deviceBatch);
    requirePositive("gradient_accumulation_steps", accumulationSteps);
    requirePositive("world_size", worldSize);
  }

  private static void requirePositive(String key, int value) {
    if (value <= 0) {
      throw new IllegalArgumentException("Invalid " + key + ": " + value + " (must be > 0)");
    }
  }

  /** Rows of a full step over all ranks. */
  public long globalBatch() {
    return Math.multiplyExact(Math.multiplyExact((long) deviceBatch, accumulationSteps), worldSize);
  }

  /** Whether a step's rows are of about one length. */
  public boolean groupedByLength() {
    return order instanceof LengthGroupedOrder;
  }

  public long stepsPerEpoch() {
    return (order.rows() - 1) / globalBatch() + 1;
  }

  public long epoch(long step) {
    return requireStep(step) / stepsPerEpoch();
  }

  /** Passes over the data, as a fraction, once the given step is done. */
  public double epochAfter(long step) {
    return (requireStep(step) + 1) / (double) stepsPerEpoch();
  }

  /** Rows of one step over all ranks; below {@link #globalBatch()} only at the end of an epoch. */
  public long rowCount(long step) {
    long first = requireStep(step) % stepsPerEpoch() * globalBatch();
    return Math.min(globalBatch(), order.rows() - first);
  }

  /** The row indices of one slice, in order; empty when the epoch ended before it. */
  public long[] rows(long step, int accumulationStep, int rank) {
    if (accumulationStep < 0 || accumulationStep >= accumulationSteps) {
      throw new IndexOutOfBoundsException(
          "Invalid accumulation step: " + accumulationStep + " of " + accumulationSteps);
    }
    if (rank < 0 || rank >= worldSize) {
      throw new IndexOutOfBoundsException("Invalid rank: " + rank + " of " + worldSize);
    }
    long slice = (long) accumulationStep * worldSize + rank;
    long first = requireStep(step) % stepsPerEpoch() * globalBatch() + slice * deviceBatch;
    int count = (int) Math.max(0, Math.min(deviceBatch, order.rows() - first));
    long epoch = epoch(step);
    long[] rows = new long[count];
    for (int i = 0; i < count; i++) {
      rows[i] = order.row(epoch, first + i);
    }
    return rows;
  }

  private static long requireStep(long step) {
    if (step < 0) {
      throw new IndexOutOfBoundsException("Invalid step: " + step + " (must be >= 0)");
    }
    return step;
  }
}
