package dev.anneal.core.model;

import dev.anneal.core.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The tensors of one layer as its program sees them. Borrowed: base weights and flat parameters own
 * the memory.
 *
 * @param tensors by their name inside the layer: frozen weights, leaves of trained ones, constants
 * @param gradients where the gradients of the trained ones are added, by the same names, in a fixed
 *     order
 */
record LayerWeights(Map<String, Tensor> tensors, LinkedHashMap<String, Tensor> gradients) {
  /** Leaves of the trained tensors, in the order of their gradients. */
  List<Tensor> parameters() {
    return gradients.keySet().stream().map(tensors::get).toList();
  }

  boolean trained() {
    return !gradients.isEmpty();
  }
}
