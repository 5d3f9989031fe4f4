package dev.anneal.core.zero;

import dev.anneal.core.collective.Collective;
import dev.anneal.core.collective.CollectiveException;
import dev.anneal.core.collective.GroupFailure;
import dev.anneal.core.collective.Work;
import dev.anneal.core.model.gradients.GradientBuffers;
import dev.anneal.core.model.gradients.GradientSink;
import dev.anneal.core.model.gradients.GradientWalk;
import dev.anneal.core.tensor.FloatRegion;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;

/**
 * Sums the gradients of all ranks bucket by bucket while the backward still computes those of lower
 * layers. Every rank starts the same buckets in the same order: as they become final where there is
 * a backward, else at the end of the step. At ZeRO stage 2 a bucket has memory from its first
 * gradient until it is summed, and its own chunk until the update. Borrows buffers and collective;
 * one thread.
 */
public final class GradientReduction {
  /** Buckets that travel or wait for it at one time; at stage 2 their memory waits too. */
  static final int MOST_UNDER_WAY = 2;

  private final PartitionPlan plan;
  private final ZeroStage stage;
  private final GradientBuffers gradients;
  private final Collective collective;
  private final Deque<Moving> moving = new ArrayDeque<>();
  private List<PartitionPlan.Turn> turns;
  private List<List<Integer>> bucketsOfParts = List.of();
  private GradientWalk walk;
  private int started;
  private double summing;
  private double waiting;

  /**
   * What sums of gradients took on a rank.
   *
   * @param summing seconds in which sums were under way, peers that came late included
   * @param waiting seconds of those in which the rank's thread could do nothing else
   */
  public record Times(double summing, double waiting) {
    /** Seconds of the sums behind computation. */
    public double hidden() {
      return Math.max(0, summing - waiting);
    }
  }

  private record Moving(int bucket, Work work) {}

  GradientReduction(
      PartitionPlan plan, ZeroStage stage, GradientBuffers gradients, Collective collective) {
    if (gradients.byBucket() != stage.freesGradients(plan.worldSize())) {
      throw new IllegalArgumentException(
          "Invalid gradients: "
              + (gradients.byBucket() ? "by bucket" : "whole")
              + " for "
              + stage
              + " over "
              + plan.worldSize()
              + " ranks");
    }
    this.plan = plan;
    this.stage = stage;
    this.gradients = gradients;
    this.collective = collective;
    this.turns = plan.turns(Map.of());
  }

  GradientSink sink(GradientWalk model, boolean last) {
    if (plan.worldSize() == 1) {
      return GradientSink.NONE;
    }
    prepare(model);
    return new GradientSink() {
      @Override
      public void begin(int part) {
        bucketsOfParts.get(part).forEach(gradients::open);
      }

      @Override
      public void end(int part) {
        settleOver();
        if (last) {
          startFinal(part);
        }
      }
    };
  }

  private void prepare(GradientWalk model) {
    if (model == walk) {
      return;
    }
    walk = model;
    turns = plan.turns(model.lastParts());
    bucketsOfParts = new ArrayList<>();
    for (List<String> part : model.parts()) {
      bucketsOfParts.add(part.stream().map(plan::bucketOf).distinct().toList());
    }
  }

  private void startFinal(int part) {
    while (started < turns.size() && turns.get(started).lastPart() <= part) {
      startNext();
    }
  }

  private void startNext() {
    while (moving.size() >= MOST_UNDER_WAY) {
      settle();
    }
    int bucket = turns.get(started).bucket();
    gradients.open(bucket);
    PartitionPlan.Bucket place = plan.buckets().get(bucket);
    FloatRegion region = gradients.region(place.offset(), place.length());
    Work work =
        stage == ZeroStage.REPLICATED
            ? collective.startAllReduceSum(region)
            : collective.startReduceScatterSum(region);
    moving.add(new Moving(bucket, work));
    started++;
  }

  /** Starts what is not yet under way, and waits until every bucket is summed. */
  void finish() {
    while (plan.worldSize() > 1 && started < turns.size()) {
      startNext();
    }
    while (!moving.isEmpty()) {
      settle();
    }
    started = 0;
  }

  private void settleOver() {
    while (!moving.isEmpty() && moving.peek().work().over()) {
      settle();
    }
  }

  /** Waits for the oldest; at stage 2 only its own chunk stays. */
  private void settle() {
    Moving oldest = moving.peek();
    long begin = System.nanoTime();
    oldest.work().await();
    waiting += (System.nanoTime() - begin) / 1e9;
    summing += oldest.work().seconds();
    moving.remove();
    PartitionPlan.Bucket place = plan.buckets().get(oldest.bucket());
    long chunk = place.length() / plan.worldSize();
    gradients.keep(oldest.bucket(), place.offset() + collective.rank() * chunk, chunk);
  }

  /** After the update: the sums are used up. */
  void free() {
    if (gradients.byBucket()) {
      gradients.clear();
    }
  }

  Times takeTimes() {
    Times times = new Times(summing, waiting);
    summing = 0;
    waiting = 0;
    return times;
  }

  void abandon(Throwable failure) {
    if (!moving.isEmpty() && !(failure instanceof CollectiveException)) {
      String reason = failure.getMessage() == null ? failure.toString() : failure.getMessage();
      collective.abort(
          Thread.currentThread().isInterrupted()
              ? GroupFailure.passing(reason)
              : GroupFailure.last(reason));
    }
    for (Moving left : moving) {
      try {
        left.work().await();
      } catch (RuntimeException | Error e) {
        if (e != failure) {
          failure.addSuppressed(e);
        }
      }
    }
    moving.clear();
  }
}
