package dev.anneal.core.model.weights;

import dev.anneal.core.model.config.WeightNames;
import dev.anneal.core.model.weights.FrozenWeight.Storage;
import dev.anneal.core.script.TensorProgram;
import dev.anneal.core.tensor.FloatType;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorScope;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** The weights of a decoder that are not trained, by name. Owns their tensors; one thread. */
public final class FrozenWeights implements AutoCloseable {
  private final TensorScope scope = new TensorScope();
  private final Map<String, FrozenWeight> weights = new LinkedHashMap<>();
  private final FloatType product;

  /**
   * @param buffers what a method keeps beside its trained tensors; the source has them too
   * @param headName the head, which is in fp32 where products are: widened as a whole in every step
   *     it would take that memory anyway
   * @param product what products read
   */
  public FrozenWeights(
      DecoderLayout layout,
      WeightSource source,
      Predicate<String> trained,
      List<ParameterSpec> buffers,
      String headName,
      FloatType product) {
    this.product = product;
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
                    name.equals(headName) && product == FloatType.FLOAT32
                        ? new FrozenWeight(source.open(name, sizes), false)
                        : source.openFrozen(name, sizes));
              }
            });
  }

  private void put(String name, FrozenWeight weight) {
    scope.own(weight.tensor());
    weight.parts().values().forEach(scope::own);
    weights.put(name, weight);
  }

  /** The same memory for another thread; these weights must outlive what it opens. */
  public WeightSource shared(TensorProgram program) {
    return new WeightSource() {
      @Override
      public Tensor open(String name, long[] shape) {
        return program.alias(tensor(name));
      }

      @Override
      public FrozenWeight openFrozen(String name, long[] shape) {
        FrozenWeight weight = weights.get(name);
        Map<String, Tensor> parts = new LinkedHashMap<>();
        weight.parts().forEach((part, tensor) -> parts.put(part, program.alias(tensor)));
        return new FrozenWeight(open(name, shape), weight.storage(), parts);
      }
    };
  }

  /**
   * The same memory for another model over this base; these weights must outlive what it opens.
   *
   * @param rest where comes what is not here, or not as the other model needs it
   * @param halves whether 16-bit weights may be shared as they are
   */
  public WeightSource sharedOver(TensorProgram program, WeightSource rest, boolean halves) {
    WeightSource own = shared(program);
    return new WeightSource() {
      @Override
      public Tensor open(String name, long[] shape) {
        boolean wide = has(name, shape) && weights.get(name).storage() == Storage.FLOAT32;
        return wide ? own.open(name, shape) : rest.open(name, shape);
      }

      @Override
      public FrozenWeight openFrozen(String name, long[] shape) {
        boolean fits =
            has(name, shape) && (halves || weights.get(name).storage() == Storage.FLOAT32);
        return fits ? own.openFrozen(name, shape) : rest.openFrozen(name, shape);
      }

      @Override
      public Tensor openRounded(String name, long[] shape) {
        return rest.openRounded(name, shape);
      }

      @Override
      public void read(String name, long[] shape, ValueRuns runs) {
        rest.read(name, shape, runs);
      }
    };
  }

  /** Another model's embeddings may have other rows. */
  private boolean has(String name, long[] shape) {
    return weights.containsKey(name) && Arrays.equals(tensor(name).shape(), shape);
  }

  /** Borrowed. */
  public Tensor tensor(String name) {
    return weights.get(name).tensor();
  }

  /** A weight's tensors by their full names; borrowed. */
  public Map<String, Tensor> tensors(String name) {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    tensors.put(name, tensor(name));
    weights.get(name).parts().forEach((part, tensor) -> tensors.put(name + part, tensor));
    return tensors;
  }

  /** 16-bit weights are read as they are by products of 16 bits. */
  private boolean widened(FrozenWeight weight) {
    return switch (weight.storage()) {
      case FLOAT32 -> false;
      case HALF -> product == FloatType.FLOAT32;
      case FOUR_BIT -> true;
    };
  }

  /** Whether programs widen any at its use. */
  public boolean anyWidened() {
    return weights.values().stream().anyMatch(this::widened);
  }

  /** Values of the largest matrix that is widened as a whole; 0 where there is none. */
  public long largestWidened() {
    return weights.entrySet().stream()
        // read row by row
        .filter(weight -> !weight.getKey().equals(WeightNames.EMBED_TOKENS))
        .map(Map.Entry::getValue)
        .filter(this::widened)
        .mapToLong(FrozenWeight::widened)
        .max()
        .orElse(0);
  }

  /** Codes of the largest matrix in 4 bits, two values each; 0 where there is none. */
  public long largestCodes() {
    return weights.values().stream()
        .filter(weight -> weight.storage() == Storage.FOUR_BIT)
        .mapToLong(weight -> weight.tensor().elementCount())
        .max()
        .orElse(0);
  }

  @Override
  public void close() {
    scope.close();
  }
}
