package dev.anneal.core.model;

import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorScope;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/** The weights of a decoder that are not trained, by name. Owns their tensors; one thread. */
final class FrozenWeights implements AutoCloseable {
  private final TensorScope scope = new TensorScope();
  private final Map<String, Tensor> tensors = new LinkedHashMap<>();
  private final Set<String> halves = new HashSet<>();

  FrozenWeights(DecoderLayout layout, WeightSource source, Predicate<String> trained) {
    layout
        .weights()
        .forEach(
            (name, shape) -> {
              if (!trained.test(name)) {
                FrozenWeight weight = source.openFrozen(name, shape);
                tensors.put(name, scope.own(weight.tensor()));
                if (weight.half()) {
                  halves.add(name);
                }
              }
            });
  }

  /** Borrowed. */
  Tensor tensor(String name) {
    return tensors.get(name);
  }

  boolean half(String name) {
    return halves.contains(name);
  }

  boolean anyHalf() {
    return !halves.isEmpty();
  }

  /** Elements of the largest matrix that is widened as a whole; 0 where there is none. */
  long largestWidened(String headName) {
    return halves.stream()
        // an embedding that is not the head is read row by row
        .filter(name -> !name.equals(WeightNames.EMBED_TOKENS) || name.equals(headName))
        .mapToLong(name -> tensors.get(name).elementCount())
        .max()
        .orElse(0);
  }

  @Override
  public void close() {
    scope.close();
  }
}
