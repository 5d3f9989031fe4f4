package dev.anneal.core.peft;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.format.DType;
import dev.anneal.core.format.SafetensorsReader;
import dev.anneal.core.format.Shape;
import dev.anneal.core.format.SparseTensor;
import dev.anneal.core.model.weights.LinearSite;
import dev.anneal.core.model.weights.ParameterSpec;
import dev.anneal.core.model.weights.SafetensorsWeights;
import dev.anneal.core.script.TensorProgram;
import dev.anneal.core.tensor.FloatRegion;
import dev.anneal.core.tensor.HalfType;
import dev.anneal.core.tensor.HostMemory;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import java.io.IOException;
import java.nio.ByteBuffer;
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
        String name = method.exportName(spec);
        sparse.addAll(SparseTensor.elementNames(name));
        int dimensions = spec.shape().dimensions().size();
        expected.put(SparseTensor.shapeName(name), Shape.of(dimensions));
      } else {
        expected.put(method.exportName(spec), spec.shape());
      }
    }
    Map<String, Shape> possible = new LinkedHashMap<>();
    for (LinearSite site : bases.sites()) {
      possible.put(AdapterMethod.baseName(site), Shape.of(site.storedShape()));
    }
    SafetensorsReader reader = folder.openWeights(expected, possible, sparse);
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
        if (reader.tensors().containsKey(AdapterMethod.baseName(site))) {
          requireSame(reader, site, bases, folder);
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

  /** Compares in the file's type: PEFT may have had the same model in 16 bits. */
  private static void requireSame(
      SafetensorsReader reader, LinearSite site, Bases bases, AdapterFolder folder) {
    String name = AdapterMethod.baseName(site);
    try (Tensor own = bases.open().apply(site)) {
      DType type = reader.info(name).dtype();
      FloatRegion values = own.region();
      for (long at = 0; at < values.length(); at += BLOCK) {
        long count = Math.min(BLOCK, values.length() - at);
        ByteBuffer saved = reader.map(name, at * type.bytes(), count * type.bytes());
        if (as(type, values.slice(at, count)).mismatch(saved) >= 0) {
          throw new ConfigException(
              "Cannot load adapter "
                  + folder.path()
                  + ": its "
                  + name
                  + " is another than the model's (adapter.path: does the adapter belong to"
                  + " model.path?)");
        }
      }
    } catch (IOException e) {
      throw new ConfigException(e.getMessage() + " (adapter.path)", e);
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

  private static ByteBuffer as(DType type, FloatRegion values) {
    return switch (type) {
      case BF16 -> HalfType.BF16.narrow(values);
      case F16 -> HalfType.FP16.narrow(values);
      default -> HostMemory.bytes(values);
    };
  }
}
