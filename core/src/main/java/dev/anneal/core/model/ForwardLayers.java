package dev.anneal.core.model;

import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;

/**
 * Layers that no backward will walk: each input is closed once its layer has read it, so that two
 * hidden states are open at most. Borrows program and weights. One thread.
 */
final class ForwardLayers {
  private final TensorRuntime runtime;
  private final LayerProgram program;
  private final List<LayerWeights> layers;

  ForwardLayers(TensorRuntime runtime, LayerProgram program, List<LayerWeights> layers) {
    this.runtime = runtime;
    this.program = program;
    this.layers = layers;
  }

  /**
   * The hidden states after the first {@code count} layers, which the caller owns.
   *
   * @param embedded [N, hidden]; owned from here on, and given back where {@code count} is 0
   * @param contexts of the layers by their index
   */
  Tensor output(int count, Tensor embedded, IntFunction<Map<String, Tensor>> contexts) {
    Tensor hidden = embedded;
    for (int i = 0; i < count; i++) {
      LayerWeights layer = layers.get(i);
      Map<String, Tensor> context = contexts.apply(i);
      try (Tensor input = hidden) {
        hidden = runtime.withoutGradients(() -> program.output(layer, input, context));
      }
    }
    return hidden;
  }
}
