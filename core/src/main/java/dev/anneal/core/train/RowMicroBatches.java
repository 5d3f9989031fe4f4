package dev.anneal.core.train;

import dev.anneal.core.data.BatchPlan;
import dev.anneal.core.data.RowSource;
import dev.anneal.core.data.TokenRow;
import dev.anneal.core.model.MicroBatch;
import dev.anneal.core.tensor.CounterRandom;
import java.util.ArrayList;
import java.util.List;

/**
 * Micro-batches of a rank from the rows of shards, by the batch plan. A row's random numbers are
 * named by the seed and by its place in the run, so that no split of a batch changes them.
 */
public final class RowMicroBatches implements MicroBatchSource {
  private final RowSource rows;
  private final BatchPlan plan;
  private final int rank;
  private final long firstKey;

  /**
   * @param seed of the random numbers that belong to rows
   */
  public RowMicroBatches(RowSource rows, BatchPlan plan, int rank, long seed) {
    this.rows = rows;
    this.plan = plan;
    this.rank = rank;
    this.firstKey = CounterRandom.of(seed, "rows").bits(0);
  }

  @Override
  public MicroBatch at(long step, int accumulationStep) {
    List<TokenRow> slice = new ArrayList<>();
    for (long index : plan.rows(step, accumulationStep, rank)) {
      slice.add(rows.row(index));
    }
    long place =
        step * plan.globalBatch()
            + ((long) accumulationStep * plan.worldSize() + rank) * plan.deviceBatch();
    return MicroBatch.of(slice, firstKey + place);
  }

  @Override
  public double epochAfter(long step) {
    return plan.epochAfter(step);
  }
}
