package dev.anneal.core.model;

import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import java.util.Map;
import java.util.Optional;

/**
 * Gradient checkpointing: the forward keeps the layer's input alone, the backward computes the
 * layer once more. Random masks are functions of their site and sample, so both passes agree.
 */
final class RecomputedLayers implements LayerProgram {
  private final LayerProgram layers;
  private final TensorRuntime runtime;

  RecomputedLayers(LayerProgram layers, TensorRuntime runtime) {
    this.layers = layers;
    this.runtime = runtime;
  }

  @Override
  public LayerForward forward(LayerWeights layer, Tensor hidden, Map<String, Tensor> context) {
    return new Input(hidden, output(layer, hidden, context), context);
  }

  @Override
  public Tensor output(LayerWeights layer, Tensor hidden, Map<String, Tensor> context) {
    return runtime.withoutGradients(() -> layers.output(layer, hidden, context));
  }

  @Override
  public Optional<Tensor> backward(
      LayerWeights layer, LayerForward saved, Tensor outputGradient, boolean inputNeeded) {
    Input input = (Input) saved;
    try (LayerForward again = layers.forward(layer, input.hidden(), input.context())) {
      return layers.backward(layer, again, outputGradient, inputNeeded);
    }
  }

  /** The borrowed input; the output is owned. */
  private record Input(Tensor hidden, Tensor output, Map<String, Tensor> context)
      implements LayerForward {
    @Override
    public void close() {
      output.close();
    }
  }
}
