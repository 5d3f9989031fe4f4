package dev.anneal.core.model;

import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorScope;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Virtual tokens in one micro-batch: rows of its input, or keys and values in the contexts of its
 * layers. Owns their tensors, and the graph that made them. One thread.
 */
final class PlacedTokens implements AutoCloseable {
  private final VirtualTokenProgram virtual;
  private final TensorScope scope = new TensorScope();
  private final Tensor vectors;
  private final Optional<Tensor> rows;
  private final List<Tensor> prefixes = new ArrayList<>();
  private final List<Tensor> prefixSums = new ArrayList<>();

  private PlacedTokens(VirtualTokenProgram virtual, Optional<long[]> rows) {
    this.virtual = virtual;
    this.vectors = scope.own(virtual.vectors());
    this.rows = rows.map(at -> scope.own(virtual.runtime().longs(at, at.length)));
    if (rows.isEmpty()) {
      virtual.program().call("virtual_prefixes").tensor(vectors).run().stream()
          .map(scope::own)
          .forEach(prefixes::add);
      prefixes.forEach(prefix -> prefixSums.add(scope.own(virtual.zeroPrefix())));
    }
  }

  static PlacedTokens inRows(VirtualTokenProgram virtual, long[] rows) {
    return new PlacedTokens(virtual, Optional.of(rows));
  }

  static PlacedTokens asPrefix(VirtualTokenProgram virtual) {
    return new PlacedTokens(virtual, Optional.empty());
  }

  /** Writes the vectors into their rows of the embedding's output [N, hidden]. */
  void putInto(Tensor embedded) {
    if (rows.isPresent()) {
      virtual
          .program()
          .call("put_virtual_rows")
          .tensor(embedded)
          .tensor(vectors)
          .tensor(rows.get())
          .invoke();
    }
  }

  /** What a layer sees besides what all layers share. */
  Map<String, Tensor> context(int layer, Map<String, Tensor> shared) {
    if (prefixes.isEmpty()) {
      return shared;
    }
    Map<String, Tensor> context = new LinkedHashMap<>(shared);
    context.put("prefix_keys", prefixes.get(2 * layer));
    context.put("prefix_values", prefixes.get(2 * layer + 1));
    context.put("prefix_keys_sum", prefixSums.get(2 * layer));
    context.put("prefix_values_sum", prefixSums.get(2 * layer + 1));
    return context;
  }

  /**
   * Adds the gradients of the vectors' parameters, once all layers have had their backward.
   *
   * @param inputGradient [N, hidden]; it becomes zero in the vectors' rows
   */
  void backward(Tensor inputGradient) {
    try (Tensor gradient = gradient(inputGradient)) {
      virtual.backward(vectors, gradient);
    }
  }

  private Tensor gradient(Tensor inputGradient) {
    if (rows.isEmpty()) {
      return virtual.program().call("virtual_prefixes_gradient").list(prefixSums).one();
    }
    return virtual
        .program()
        .call("virtual_rows_gradient")
        .tensor(inputGradient)
        .tensor(vectors)
        .tensor(rows.get())
        .one();
  }

  @Override
  public void close() {
    scope.close();
  }
}
