package dev.anneal.core.zero;

import dev.anneal.core.model.gradients.GradientWalk;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * How much memory gradients have while a backward walks the model, where it comes and goes by
 * bucket (ZeRO stage 2, one micro-batch a step). Pure arithmetic, immutable.
 */
public final class LiveGradients {
  private final PartitionPlan plan;
  private final Map<String, Integer> lastParts;
  private final int[] firstParts;

  public LiveGradients(PartitionPlan plan, GradientWalk walk) {
    this.plan = plan;
    this.lastParts = walk.lastParts();
    this.firstParts = new int[plan.buckets().size()];
    Map<String, Integer> first = new HashMap<>();
    for (int part = walk.parts().size() - 1; part >= 0; part--) {
      for (String name : walk.parts().get(part)) {
        first.put(name, part);
      }
    }
    Arrays.fill(firstParts, walk.parts().size() - 1);
    first.forEach(
        (name, part) -> {
          int bucket = plan.bucketOf(name);
          firstParts[bucket] = Math.min(firstParts[bucket], part);
        });
  }

  /**
   * Most elements there are while the backward is in a part: the buckets it has begun, those that
   * may still be under way, and the own chunks of those that are summed.
   */
  public long during(int part) {
    List<PartitionPlan.Turn> turns = plan.turns(lastParts);
    long elements = 0;
    long largestChunk = 0;
    int before = (int) turns.stream().filter(turn -> turn.lastPart() < part).count();
    for (int at = 0; at < turns.size(); at++) {
      long length = plan.buckets().get(turns.get(at).bucket()).length();
      long chunk = length / plan.worldSize();
      if (at < before - GradientReduction.MOST_UNDER_WAY) {
        elements += chunk;
      } else if (at < before || firstParts[turns.get(at).bucket()] <= part) {
        elements += length;
        largestChunk = Math.max(largestChunk, chunk);
      }
    }
    // one at a time has its chunk copied out of it
    return elements + largestChunk;
  }
}
