package dev.anneal.core.model.weights;

import dev.anneal.core.model.weights.FrozenWeight.Storage;
import dev.anneal.core.script.TensorProgram;
import dev.anneal.core.tensor.FloatType;
import dev.anneal.core.tensor.HalfType;
import dev.anneal.core.tensor.Tensor;

/**
 * Frozen matrices in the 16-bit type that products read: as they are stored where that is their
 * type, else rounded once. Vectors stay in fp32. Borrows the source and the program; one thread.
 */
public final class TypedWeights implements WeightSource {
  private final WeightSource source;
  private final HalfType type;
  private final TensorProgram tensors;

  public TypedWeights(WeightSource source, FloatType type, TensorProgram tensors) {
    this.source = source;
    this.type =
        type.half()
            .orElseThrow(() -> new IllegalArgumentException("Invalid type: " + type.label()));
    this.tensors = tensors;
  }

  @Override
  public Tensor open(String name, long[] shape) {
    return source.open(name, shape);
  }

  @Override
  public FrozenWeight openFrozen(String name, long[] shape) {
    FrozenWeight stored = source.openFrozen(name, shape);
    if (shape.length < 2 || stored.storage() == Storage.FOUR_BIT) {
      return stored;
    }
    if (stored.half() && tensors.isOf(stored.tensor(), type)) {
      return stored;
    }
    try (Tensor wide = stored.tensor()) {
      return new FrozenWeight(tensors.rounded(wide, type), true);
    }
  }

  @Override
  public Tensor openRounded(String name, long[] shape) {
    return source.openRounded(name, shape);
  }

  @Override
  public void read(String name, long[] shape, ValueRuns runs) {
    source.read(name, shape, runs);
  }
}
