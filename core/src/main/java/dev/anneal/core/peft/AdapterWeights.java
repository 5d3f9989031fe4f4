package dev.anneal.core.peft;

import dev.anneal.core.format.Shape;
import dev.anneal.core.model.weights.ParameterSpec;
import dev.anneal.core.model.weights.SafetensorsWeights;
import dev.anneal.core.script.TensorProgram;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Fills a method's tensors from those of a PEFT adapter folder. */
public final class AdapterWeights {
  private AdapterWeights() {}

  /**
   * @param saved the tensors that the folder has
   * @param target where each goes, by its name
   * @throws dev.anneal.core.config.ConfigException when a tensor is missing, unexpected or of
   *     another shape
   */
  public static void read(
      TensorRuntime runtime,
      TensorProgram tensors,
      AdapterFolder folder,
      AdapterMethod method,
      List<ParameterSpec> saved,
      Function<String, Tensor> target) {
    Map<String, Shape> expected = new LinkedHashMap<>();
    for (ParameterSpec spec : saved) {
      expected.put(method.exportName(spec), spec.shape());
    }
    try (SafetensorsWeights weights =
        new SafetensorsWeights(runtime, folder.openWeights(expected))) {
      for (ParameterSpec spec : saved) {
        try (Tensor value = weights.open(method.exportName(spec), spec.shape().toArray())) {
          tensors.copy(target.apply(spec.name()), value);
        }
      }
    }
  }
}
