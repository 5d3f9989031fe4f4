package dev.anneal.core.model;

import dev.anneal.core.tensor.Tensor;

/** Where base weights come from: a checkpoint's files, or the initial distribution. */
public interface WeightSource {
  /** The weight in fp32, of the given shape; the caller owns it. */
  Tensor open(String name, long[] shape);
}
