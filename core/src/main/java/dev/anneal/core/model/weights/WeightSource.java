package dev.anneal.core.model.weights;

import dev.anneal.core.tensor.Tensor;

/** Where base weights come from: a checkpoint's files, or the initial distribution. */
public interface WeightSource {
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
      float[] values = tensor.toFloats();
      runs.add(values, values.length);
    }
  }

  /** Takes the values of a weight; the array is the giver's. */
  interface ValueRuns {
    /** All runs but the last are of a multiple of 1024 values. */
    void add(float[] values, int count);
  }
}
