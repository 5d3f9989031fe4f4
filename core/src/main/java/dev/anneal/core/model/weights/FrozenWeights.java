package dev.anneal.core.model.weights;

import dev.anneal.core.model.config.WeightNames;
import dev.anneal.core.script.TensorProgram;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorScope;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/** The weights of a decoder that are not trained, by name. Owns their tensors; one thread. */
public final class FrozenWeights implements AutoCloseable {
  private final TensorScope scope = new TensorScope();
  private final Map<String, Tensor> tensors = new LinkedHashMap<>();
  private final Set<String> halves = new HashSet<>();

  /**
   * @param buffers what a method keeps beside its trained tensors; the source has them too
   * @param headName the head, which is in fp32: widened as a whole in every step it would take that
   *     memory anyway
   */
  public FrozenWeights(
      DecoderLayout layout,
      WeightSource source,
      Predicate<String> trained,
      List<ParameterSpec> buffers,
      String headName) {
    for (ParameterSpec buffer : buffers) {
      long[] sizes = buffer.shape().toArray();
      put(buffer.name(), new FrozenWeight(source.open(buffer.name(), sizes), false));
    }
    layout
        .weights()
        .forEach(
            (name, shape) -> {
              if (!trained.test(name)) {
                long[] sizes = shape.toArray();
                put(
                    name,
                    name.equals(headName)
                        ? new FrozenWeight(source.open(name, sizes), false)
                        : source.openFrozen(name, sizes));
              }
            });
  }

  private void put(String name, FrozenWeight weight) {
    tensors.put(name, scope.own(weight.tensor()));
    if (weight.half()) {
      halves.add(name);
    }
  }

  /** The same memory for another thread; these weights must outlive what it opens. */
  public WeightSource shared(TensorProgram program) {
    return new WeightSource() {
      @Override
      public Tensor open(String name, long[] shape) {
        return program.alias(tensors.get(name));
      }

      @Override
      public FrozenWeight openFrozen(String name, long[] shape) {
        return new FrozenWeight(open(name, shape), halves.contains(name));
      }
    };
  }

  /** Borrowed. */
  public Tensor tensor(String name) {
    return tensors.get(name);
  }

  public boolean anyHalf() {
    return !halves.isEmpty();
  }

  /** Elements of the largest matrix that is widened as a whole; 0 where there is none. */
  public long largestWidened() {
    return halves.stream()
        // read row by row
        .filter(name -> !name.equals(WeightNames.EMBED_TOKENS))
        .mapToLong(name -> tensors.get(name).elementCount())
        .max()
        .orElse(0);
  }

  @Override
  public void close() {
    scope.close();
  }
}
