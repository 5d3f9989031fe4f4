package dev.anneal.core.model;

import dev.anneal.core.tensor.Tensor;
import java.util.Map;
import java.util.Optional;

/**
 * How one decoder layer computes: the forward saves what its backward needs; the backward gives the
 * gradient of the layer's input and adds parameter gradients to their sums. One thread.
 */
interface LayerProgram {
  /** Forward that a backward will follow; the caller owns the result. */
  LayerForward forward(LayerWeights layer, Tensor hidden, Map<String, Tensor> context);

  /** Forward alone; the caller owns the output. */
  Tensor output(LayerWeights layer, Tensor hidden, Map<String, Tensor> context);

  /**
   * Adds the layer's parameter gradients to their sums.
   *
   * @param outputGradient [N, hidden]
   * @return the gradient of the input where {@code inputNeeded}; owned by the caller
   */
  Optional<Tensor> backward(
      LayerWeights layer, LayerForward saved, Tensor outputGradient, boolean inputNeeded);

  /** What a forward leaves: its output, and what the backward wants back. Owns both. */
  interface LayerForward extends AutoCloseable {
    /** [N, hidden]; borrowed. */
    Tensor output();

    @Override
    void close();
  }
}
