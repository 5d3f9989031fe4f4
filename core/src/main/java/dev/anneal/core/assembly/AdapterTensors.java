package dev.anneal.core.assembly;

import dev.anneal.core.model.FlatParameters;
import dev.anneal.core.model.weights.DecoderLayout;
import dev.anneal.core.model.weights.FrozenWeight;
import dev.anneal.core.model.weights.LinearSite;
import dev.anneal.core.model.weights.ParameterSpec;
import dev.anneal.core.model.weights.WeightSource;
import dev.anneal.core.peft.AdapterFolder;
import dev.anneal.core.peft.AdapterMethod;
import dev.anneal.core.peft.AdapterWeights;
import dev.anneal.core.peft.SiteInitialiser;
import dev.anneal.core.script.TensorProgram;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import dev.anneal.core.tensor.TensorScope;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A method's tensors with the values they begin with: the trained ones in the flat buffer, and its
 * buffers, which it owns. Everything follows from base weights and seed, so that ranks and resumed
 * runs have the same buffers. One thread.
 */
final class AdapterTensors implements AutoCloseable {
  private final TensorScope scope = new TensorScope();
  private final TensorProgram tensors;
  private final Map<String, Tensor> buffers = new LinkedHashMap<>();

  private AdapterTensors(TensorProgram tensors) {
    this.tensors = tensors;
  }

  /** Nothing but the model. */
  static AdapterTensors none(TensorProgram tensors) {
    return new AdapterTensors(tensors);
  }

  /** Fills the trained tensors and makes the buffers; the caller owns the result. */
  static AdapterTensors begin(
      TensorRuntime runtime,
      TensorProgram tensors,
      AdapterMethod method,
      DecoderLayout layout,
      WeightSource weights,
      FlatParameters parameters,
      long seed) {
    AdapterTensors result = new AdapterTensors(tensors);
    try {
      result.fill(runtime, method, layout, weights, parameters, seed);
    } catch (RuntimeException | Error e) {
      result.close();
      throw e;
    }
    return result;
  }

  private void fill(
      TensorRuntime runtime,
      AdapterMethod method,
      DecoderLayout layout,
      WeightSource weights,
      FlatParameters parameters,
      long seed) {
    for (ParameterSpec spec : parameters.specs()) {
      try (Tensor initial =
          layout.weights().containsKey(spec.name())
              ? weights.open(spec.name(), spec.shape().toArray())
              : plain(runtime, method, spec, layout, seed)) {
        tensors.copy(parameters.value(spec.name()), initial);
      }
    }
    for (ParameterSpec buffer : method.sharedBuffers(layout)) {
      buffers.put(buffer.name(), scope.own(plain(runtime, method, buffer, layout, seed)));
    }
    for (LinearSite site : layout.sites()) {
      for (ParameterSpec buffer : method.buffers(site)) {
        buffers.put(buffer.name(), scope.own(plain(runtime, method, buffer, layout, seed)));
      }
    }
    fromWeights(runtime, method, layout, weights, parameters, seed);
  }

  private static Tensor plain(
      TensorRuntime runtime,
      AdapterMethod method,
      ParameterSpec spec,
      DecoderLayout layout,
      long seed) {
    AdapterMethod.InitialValue value = method.initialValue(spec, seed, layout.config());
    float[] values = new float[Math.toIntExact(spec.elementCount())];
    for (int i = 0; i < values.length; i++) {
      values[i] = value.at(i);
    }
    return runtime.floats(values, spec.shape().toArray());
  }

  private void fromWeights(
      TensorRuntime runtime,
      AdapterMethod method,
      DecoderLayout layout,
      WeightSource weights,
      FlatParameters parameters,
      long seed) {
    Optional<SiteInitialiser> initialiser = SiteInitialiser.of(runtime, method, layout);
    if (initialiser.isEmpty()) {
      return;
    }
    try (SiteInitialiser program = initialiser.get()) {
      for (LinearSite site : layout.sites()) {
        if (!method.parameters(site).isEmpty()) {
          try (Tensor weight = initialised(method, weights, site)) {
            program.fill(
                site,
                weight,
                name -> buffers.containsKey(name) ? buffers.get(name) : parameters.value(name),
                seed);
          }
        }
      }
    }
  }

  /**
   * What a site's tensors begin from: the weight as it is computed with; but that of the file where
   * buffers follow from it, since an export knows no other and must find them again.
   */
  private static Tensor initialised(AdapterMethod method, WeightSource weights, LinearSite site) {
    long[] shape = {site.outFeatures(), site.inFeatures()};
    return method.buffers(site).isEmpty()
        ? weights.openRounded(site.weightName(), shape)
        : weights.open(site.weightName(), shape);
  }

  /** Reads the tensors of an existing adapter over what they began with. */
  void read(
      TensorRuntime runtime,
      AdapterFolder folder,
      AdapterMethod method,
      DecoderLayout layout,
      FlatParameters parameters) {
    List<ParameterSpec> saved = new ArrayList<>(parameters.specs());
    saved.addAll(method.sharedBuffers(layout));
    AdapterWeights.read(
        runtime,
        tensors,
        folder,
        method,
        saved,
        name -> contains(name) ? buffer(name) : parameters.value(name));
  }

  /** A buffer by its name; borrowed. */
  Tensor buffer(String name) {
    return buffers.get(name);
  }

  boolean contains(String name) {
    return buffers.containsKey(name);
  }

  /** The base weights, and the buffers as handles of their own. */
  WeightSource with(WeightSource weights) {
    return new WeightSource() {
      @Override
      public Tensor open(String name, long[] shape) {
        return contains(name) ? tensors.alias(buffer(name)) : weights.open(name, shape);
      }

      @Override
      public FrozenWeight openFrozen(String name, long[] shape) {
        return contains(name)
            ? new FrozenWeight(open(name, shape), false)
            : weights.openFrozen(name, shape);
      }
    };
  }

  @Override
  public void close() {
    scope.close();
  }
}
