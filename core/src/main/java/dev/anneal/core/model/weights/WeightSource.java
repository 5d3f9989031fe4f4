package dev.anneal.core.model.weights;

import dev.anneal.core.tensor.FloatRegion;
import dev.anneal.core.tensor.HostMemory;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;

/** Where base weights come from: a checkpoint's files, or the initial distribution. */
public interface WeightSource {
  /** Most values that {@link #read} gives at once. */
  int RUN = 1 << 14;

  /** The weight in fp32, of the given shape; the caller owns it. */
  Tensor open(String name, long[] shape);

  /** The weight for reading alone, perhaps in its file's type; the caller owns the tensors. */
  default FrozenWeight openFrozen(String name, long[] shape) {
    return new FrozenWeight(open(name, shape), false);
  }

  /**
   * In fp32, the values that programs compute with where nobody trains the weight: rounded ones
   * where it lies in fewer bits than its file has; the caller owns it.
   */
  default Tensor openRounded(String name, long[] shape) {
    return open(name, shape);
  }

  /**
   * Gives a weight's values in their order, some at a time, so that a stored one never lies in
   * memory whole.
   */
  default void read(String name, long[] shape, ValueRuns runs) {
    try (Tensor tensor = open(name, shape)) {
      FloatRegion region = tensor.region();
      float[] values = new float[(int) Math.min(RUN, region.length())];
      for (long at = 0; at < region.length(); at += RUN) {
        int count = (int) Math.min(RUN, region.length() - at);
        HostMemory.bytes(region.slice(at, count)).asFloatBuffer().get(values, 0, count);
        runs.add(values, count);
      }
    }
  }

  /** Copies a weight's values to a host region of as many floats. */
  default void readInto(String name, long[] shape, FloatRegion target) {
    read(name, shape, new FilledRegion(target));
  }

  /** A copy of a weight's values in fp32 that maps no file; the caller owns it. */
  default Tensor openCopy(TensorRuntime runtime, String name, long[] shape) {
    Tensor copy = runtime.zeros(shape);
    try {
      readInto(name, shape, copy.region());
      return copy;
    } catch (RuntimeException | Error e) {
      copy.close();
      throw e;
    }
  }

  /** Takes the values of a weight; the array is the giver's. */
  interface ValueRuns {
    /** All runs but the last are of a multiple of 1024 values. */
    void add(float[] values, int count);
  }
}
