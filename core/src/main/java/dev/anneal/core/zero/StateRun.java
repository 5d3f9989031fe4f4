package dev.anneal.core.zero;

import java.util.ArrayList;
import java.util.List;

/**
 * Neighbouring elements of one rank's shard that share their settings.
 *
 * @param flatOffset first element within the flat buffers
 * @param stateOffset first element within the optimizer's state
 */
record StateRun(long flatOffset, long stateOffset, long length, boolean decay, double rateScale) {
  /** The runs of a rank's shard, in order, without padding. */
  static List<StateRun> of(PartitionPlan plan, ZeroStage stage, int rank) {
    List<StateRun> runs = new ArrayList<>();
    for (PartitionPlan.Slice slice : plan.slices(rank)) {
      long state = stage == ZeroStage.REPLICATED ? slice.flatOffset() : slice.shardOffset();
      StateRun next =
          new StateRun(slice.flatOffset(), state, slice.length(), slice.decay(), slice.rateScale());
      if (!runs.isEmpty() && runs.get(runs.size() - 1).continuesWith(next)) {
        StateRun last = runs.remove(runs.size() - 1);
        next =
            new StateRun(
                last.flatOffset,
                last.stateOffset,
                last.length + next.length,
                last.decay,
                last.rateScale);
      }
      runs.add(next);
    }
    return runs;
  }

  private boolean continuesWith(StateRun next) {
    return decay == next.decay
        && rateScale == next.rateScale
        && flatOffset + length == next.flatOffset;
  }
}
