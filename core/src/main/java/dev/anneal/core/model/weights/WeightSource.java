package dev.anneal.core.model.weights;

import dev.anneal.core.tensor.Tensor;

/** Where base weights come from: a checkpoint's files, or the initial distribution. */
public interface WeightSource {
  /** The weight in fp32, of the given shape; the caller owns it. */
  Tensor open(String name, long[] shape);

  /** The weight for reading alone, perhaps in its file's type; the caller owns the tensor. */
  default FrozenWeight openFrozen(String name, long[] shape) {
    return new FrozenWeight(open(name, shape), false);
  }
}
