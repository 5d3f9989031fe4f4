package dev.anneal.core.peft;

import dev.anneal.core.format.Shape;
import dev.anneal.core.model.FlatParameters;
import dev.anneal.core.model.weights.ParameterSpec;
import dev.anneal.core.model.weights.SafetensorsWeights;
import dev.anneal.core.script.TensorProgram;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import java.util.LinkedHashMap;
import java.util.Map;

/** Fills trained parameters from the tensors of a PEFT adapter folder. */
public final class AdapterWeights {
  private AdapterWeights() {}

  /**
   * @throws dev.anneal.core.config.ConfigException when a tensor is missing, unexpected or of
   *     another shape
   */
  public static void read(
      TensorRuntime runtime,
      TensorProgram tensors,
      AdapterFolder folder,
      AdapterMethod method,
      FlatParameters parameters) {
    Map<String, Shape> expected = new LinkedHashMap<>();
    for (ParameterSpec spec : parameters.specs()) {
      expected.put(method.exportName(spec), spec.shape());
    }
    try (SafetensorsWeights weights =
        new SafetensorsWeights(runtime, folder.openWeights(expected))) {
      for (ParameterSpec spec : parameters.specs()) {
        try (Tensor value = weights.open(method.exportName(spec), spec.shape().toArray())) {
          tensors.copy(parameters.value(spec.name()), value);
        }
      }
    }
  }
}
