package dev.anneal.core.model.weights;

import dev.anneal.core.tensor.CounterRandom;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;

/**
 * Weights of a model trained from scratch: matrices from N(0, initializer_range), norms 1, biases
 * 0, each a function of the seed and the tensor's name alone.
 */
public final class InitialWeights implements WeightSource {
  private final TensorRuntime runtime;
  private final long seed;
  private final double initializerRange;

  public InitialWeights(TensorRuntime runtime, long seed, double initializerRange) {
    this.runtime = runtime;
    this.seed = seed;
    this.initializerRange = initializerRange;
  }

  @Override
  public Tensor open(String name, long[] shape) {
    long count = 1;
    for (long dimension : shape) {
      count *= dimension;
    }
    float[] values = new float[Math.toIntExact(count)];
    if (name.endsWith("norm.weight")) {
      java.util.Arrays.fill(values, 1f);
    } else if (!name.endsWith(".bias")) {
      CounterRandom random = CounterRandom.of(seed, name);
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) (initializerRange * random.gaussian(i));
      }
    }
    return runtime.floats(values, shape);
  }
}
