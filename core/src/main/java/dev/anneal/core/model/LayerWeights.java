package dev.anneal.core.model;

import dev.anneal.core.tensor.Tensor;
import java.util.List;
import java.util.Map;

/**
 * The tensors of one layer as its program sees them. Borrowed: base weights and flat parameters own
 * the memory.
 *
 * @param tensors by their name inside the layer: frozen weights, leaves of trained ones, constants
 * @param parameters leaves of the trained tensors, in a fixed order
 * @param sums where their gradients are added, in the same order
 */
record LayerWeights(Map<String, Tensor> tensors, List<Tensor> parameters, List<Tensor> sums) {
  boolean trained() {
    return !parameters.isEmpty();
  }
}
