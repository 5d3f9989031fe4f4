package dev.anneal.core.peft;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.format.SafetensorsReader;
import dev.anneal.core.format.Shape;
import dev.anneal.core.format.SparseTensor;
import dev.anneal.core.model.weights.LinearSite;
import dev.anneal.core.model.weights.ParameterSpec;
import dev.anneal.core.model.weights.SafetensorsWeights;
import dev.anneal.core.script.TensorProgram;
import dev.anneal.core.tensor.FloatRegion;
import dev.anneal.core.tensor.HostMemory;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import java.io.IOException;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/** Fills a method's tensors from those of a PEFT adapter folder. */
public final class AdapterWeights {
  private static final long BLOCK = 1 << 20;

  private AdapterWeights() {}

  /**
   * @param saved the tensors that the folder has
   * @param target where each goes, by its name
   * @param bases sites whose base weight the folder may have too
   * @param base opens such a weight of the model, for which it is closed
   * @throws ConfigException when a tensor is missing, unexpected or of another shape, or a base
   *     weight is another than the model's
   */
  public static void read(
      Target target,
      AdapterFolder folder,
      AdapterMethod method,
      List<ParameterSpec> saved,
      Bases bases) {
    Map<String, Shape> expected = new LinkedHashMap<>();
    Set<String> sparse = new HashSet<>();
    for (ParameterSpec spec : saved) {
      if (method.sparse(spec)) {
        sparse.addAll(SparseTensor.names(method.exportName(spec)));
      } else {
        expected.put(method.exportName(spec), spec.shape());
      }
    }
    Map<String, Shape> possible = new LinkedHashMap<>();
    for (LinearSite site : bases.sites()) {
      possible.put(AdapterMethod.baseName(site), Shape.of(site.storedShape()));
    }
    SafetensorsReader reader = folder.openWeights(expected, possible, sparse);
    Set<String> names = Set.copyOf(reader.tensors().keySet());
    try (SafetensorsWeights weights = new SafetensorsWeights(target.runtime(), reader)) {
      for (ParameterSpec spec : saved) {
        String name = method.exportName(spec);
        try (Tensor value =
            method.sparse(spec)
                ? whole(target.runtime(), reader, name, spec)
                : weights.open(name, spec.shape().toArray())) {
          target.tensors().copy(target.tensor().apply(spec.name()), value);
        }
      }
      for (LinearSite site : bases.sites()) {
        if (names.contains(AdapterMethod.baseName(site))) {
          requireSame(weights, site, bases, folder);
        }
      }
    }
  }

  /** Where values go: a tensor by its name. */
  public record Target(
      TensorRuntime runtime, TensorProgram tensors, Function<String, Tensor> tensor) {}

  /**
   * Base weights that an adapter may repeat.
   *
   * @param open gives the model's own, which the reader closes
   */
  public record Bases(List<LinearSite> sites, Function<LinearSite, Tensor> open) {}

  private static void requireSame(
      SafetensorsWeights weights, LinearSite site, Bases bases, AdapterFolder folder) {
    try (Tensor own = bases.open().apply(site);
        Tensor saved = weights.open(AdapterMethod.baseName(site), site.storedShape())) {
      FloatRegion a = own.region();
      FloatRegion b = saved.region();
      for (long at = 0; at < a.length(); at += BLOCK) {
        long count = Math.min(BLOCK, a.length() - at);
        if (HostMemory.bytes(a.slice(at, count)).mismatch(HostMemory.bytes(b.slice(at, count)))
            >= 0) {
          throw new ConfigException(
              "Cannot load adapter "
                  + folder.path()
                  + ": its "
                  + AdapterMethod.baseName(site)
                  + " is another than the model's (adapter.path: does the adapter belong to"
                  + " model.path?)");
        }
      }
    }
  }

  private static Tensor whole(
      TensorRuntime runtime, SafetensorsReader reader, String name, ParameterSpec spec) {
    try {
      float[] values = SparseTensor.read(reader, name, spec.shape()).dense();
      return runtime.floats(values, spec.shape().toArray());
    } catch (IOException e) {
      throw new ConfigException(e.getMessage() + " (adapter.path)", e);
    }
  }
}
