package dev.anneal.core.model.weights;

import dev.anneal.core.tensor.FloatRegion;
import dev.anneal.core.tensor.HostMemory;

/** Puts the values of a weight one after another into host memory, which it borrows. One thread. */
final class FilledRegion implements WeightSource.ValueRuns {
  private final FloatRegion target;
  private long filled;

  FilledRegion(FloatRegion target) {
    this.target = target;
  }

  @Override
  public void add(float[] values, int count) {
    HostMemory.bytes(target.slice(filled, count)).asFloatBuffer().put(values, 0, count);
    filled += count;
  }
}
