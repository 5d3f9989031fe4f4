package dev.anneal.core.peft;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.format.SafetensorsReader;
import dev.anneal.core.model.FlatParameters;
import dev.anneal.core.model.ParameterSpec;
import dev.anneal.core.model.SafetensorsWeights;
import dev.anneal.core.script.TensorProgram;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Tensors of an adapter in PEFT's file. */
public final class AdapterWeights {
  /** PEFT's file name. */
  public static final String FILE = "adapter_model.safetensors";

  private AdapterWeights() {}

  /**
   * Fills the trained parameters from a PEFT adapter folder.
   *
   * @throws ConfigException when a tensor is missing, unexpected or of another shape
   */
  public static void read(
      TensorRuntime runtime,
      TensorProgram tensors,
      Path folder,
      AdapterMethod method,
      FlatParameters parameters) {
    try {
      SafetensorsReader reader = SafetensorsReader.openFile(folder.resolve(FILE));
      try (SafetensorsWeights weights = new SafetensorsWeights(runtime, reader)) {
        Set<String> unexpected = new TreeSet<>(reader.tensors().keySet());
        Set<String> missing =
            parameters.specs().stream()
                .map(method::exportName)
                .filter(name -> !unexpected.remove(name))
                .collect(Collectors.toCollection(TreeSet::new));
        if (!missing.isEmpty() || !unexpected.isEmpty()) {
          throw new ConfigException(
              "Cannot load adapter "
                  + folder
                  + ": missing tensors "
                  + missing
                  + ", unexpected tensors "
                  + unexpected
                  + " (does adapter.path belong to model.path?)");
        }
        for (ParameterSpec spec : parameters.specs()) {
          try (Tensor value = weights.open(method.exportName(spec), spec.shape())) {
            tensors.copy(parameters.value(spec.name()), value);
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read adapter " + folder + ": " + e.getMessage(), e);
    }
  }
}
