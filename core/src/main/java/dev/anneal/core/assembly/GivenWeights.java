package dev.anneal.core.assembly;

import dev.anneal.core.model.weights.FrozenWeight;
import dev.anneal.core.model.weights.SafetensorsWeights;
import dev.anneal.core.model.weights.WeightSource;
import dev.anneal.core.peft.AdapterMethod;
import dev.anneal.core.tensor.Tensor;
import java.util.Set;

/**
 * A base whose embeddings, output matrix or both are those that an adapter's file brings along:
 * PEFT saves them when their rows were changed. Borrows both sources; one thread.
 *
 * @param names of the weights that the file has, in the model
 */
record GivenWeights(WeightSource base, SafetensorsWeights file, Set<String> names)
    implements WeightSource {

  @Override
  public Tensor open(String name, long[] shape) {
    return names.contains(name)
        ? file.open(AdapterMethod.PEFT_PREFIX + name, shape)
        : base.open(name, shape);
  }

  @Override
  public FrozenWeight openFrozen(String name, long[] shape) {
    return names.contains(name)
        ? new FrozenWeight(open(name, shape), false)
        : base.openFrozen(name, shape);
  }

  @Override
  public Tensor openRounded(String name, long[] shape) {
    return names.contains(name) ? open(name, shape) : base.openRounded(name, shape);
  }

  @Override
  public void read(String name, long[] shape, ValueRuns runs) {
    if (names.contains(name)) {
      WeightSource.super.read(name, shape, runs);
    } else {
      base.read(name, shape, runs);
    }
  }
}
