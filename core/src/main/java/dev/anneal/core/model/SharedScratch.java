package dev.anneal.core.model;

import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import dev.anneal.core.tensor.TensorScope;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Memory for one weight at a time, effective or widened, that all layers of a thread share. Owns
 * it.
 */
final class SharedScratch implements AutoCloseable {
  private static final String VALUES = "scratch";
  private static final String CODES = "scratch_codes";

  private final TensorScope scope = new TensorScope();
  private final Map<String, Tensor> tensors = new LinkedHashMap<>();

  /**
   * @param values of the largest weight; 0 for none
   * @param codes of the largest weight in 4 bits, which are looked up as int32; 0 for none
   */
  SharedScratch(TensorRuntime runtime, long values, long codes) {
    if (values > 0) {
      tensors.put(VALUES, scope.own(runtime.zeros(values)));
    }
    if (codes > 0) {
      tensors.put(CODES, scope.own(runtime.zeros(codes)));
    }
  }

  /** What programs need of a layer's tensors to widen a weight in 4 bits. */
  static Map<String, Tensor> of(Map<String, Tensor> layer) {
    return Map.of(VALUES, layer.get(VALUES), CODES, layer.get(CODES));
  }

  /** Whether a layer's tensor of that name is such memory. */
  static boolean has(String name) {
    return name.equals(VALUES) || name.equals(CODES);
  }

  /** By their names in a layer; borrowed. */
  Map<String, Tensor> tensors() {
    return tensors;
  }

  @Override
  public void close() {
    scope.close();
  }
}
