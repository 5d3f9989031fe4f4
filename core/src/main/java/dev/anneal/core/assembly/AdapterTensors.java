package dev.anneal.core.assembly;

import dev.anneal.core.model.FlatParameters;
import dev.anneal.core.model.weights.DecoderLayout;
import dev.anneal.core.model.weights.LinearSite;
import dev.anneal.core.model.weights.OverlaidWeights;
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
 * What is trained, with the values that it begins with, in the flat buffer; and what a method keeps
 * beside it, its buffers, which this owns. Everything follows from base weights, seed and adapter
 * folder, so that ranks and resumed runs have the same buffers. One thread.
 */
final class AdapterTensors implements AutoCloseable {
  private final TensorScope scope = new TensorScope();
  private final Map<String, Tensor> buffers = new LinkedHashMap<>();
  private final TensorRuntime runtime;
  private final TensorProgram tensors;
  private final DecoderLayout layout;
  private final WeightSource weights;
  private final FlatParameters parameters;

  /** Borrows everything it is given. */
  AdapterTensors(
      TensorRuntime runtime,
      TensorProgram tensors,
      DecoderLayout layout,
      WeightSource weights,
      FlatParameters parameters) {
    this.runtime = runtime;
    this.tensors = tensors;
    this.layout = layout;
    this.weights = weights;
    this.parameters = parameters;
  }

  /** Full tuning begins with the base weights. */
  void beginWithWeights() {
    for (ParameterSpec spec : parameters.specs()) {
      beginWithWeight(spec);
    }
  }

  private void beginWithWeight(ParameterSpec spec) {
    weights.readInto(spec.name(), spec.shape().toArray(), parameters.value(spec.name()).region());
  }

  /** A fresh adapter. */
  void beginFresh(AdapterMethod method, long seed) {
    for (ParameterSpec spec : parameters.specs()) {
      if (layout.weights().containsKey(spec.name())) {
        beginWithWeight(spec);
      } else {
        try (Tensor initial = plain(method, spec, seed)) {
          tensors.copy(parameters.value(spec.name()), initial);
        }
      }
    }
    for (LinearSite site : method.ends(layout)) {
      method.initialRows(site).forEach((name, rows) -> beginAsRows(site, name, rows));
    }
    for (ParameterSpec buffer : method.sharedBuffers(layout)) {
      buffers.put(buffer.name(), scope.own(plain(method, buffer, seed)));
    }
    makeSiteBuffers(method);
    fillFromWeights(method, seed);
  }

  private void beginAsRows(LinearSite site, String name, List<Integer> rows) {
    long[] shape = site.storedShape();
    long[] row = {shape[1]};
    try (Tensor weight = weights.open(site.weightName(), shape)) {
      for (int i = 0; i < rows.size(); i++) {
        try (Tensor from = tensors.view(weight, rows.get(i) * shape[1], row);
            Tensor to = tensors.view(parameters.value(name), i * shape[1], row)) {
          tensors.copy(to, from);
        }
      }
    }
  }

  /** An existing adapter: what it holds is read, and of W comes only what it does not hold. */
  void beginWith(AdapterFolder folder, AdapterMethod method, long seed) {
    List<ParameterSpec> saved = new ArrayList<>(parameters.specs());
    for (ParameterSpec buffer : method.sharedBuffers(layout)) {
      buffers.put(buffer.name(), scope.own(runtime.zeros(buffer.shape().toArray())));
      saved.add(buffer);
    }
    if (makeSiteBuffers(method)) {
      fillFromWeights(method, seed);
    }
    AdapterWeights.read(
        new AdapterWeights.Target(runtime, tensors, this::tensor),
        folder,
        method,
        saved,
        new AdapterWeights.Bases(
            method.ends(layout), site -> weights.open(site.weightName(), site.storedShape())));
  }

  private boolean makeSiteBuffers(AdapterMethod method) {
    List<ParameterSpec> specs =
        method.sites(layout).stream().flatMap(site -> method.buffers(site).stream()).toList();
    for (ParameterSpec buffer : specs) {
      buffers.put(buffer.name(), scope.own(runtime.zeros(buffer.shape().toArray())));
    }
    return !specs.isEmpty();
  }

  private Tensor plain(AdapterMethod method, ParameterSpec spec, long seed) {
    AdapterMethod.InitialValue value = method.initialValue(spec, seed, layout.config());
    float[] values = new float[Math.toIntExact(spec.elementCount())];
    for (int i = 0; i < values.length; i++) {
      values[i] = value.at(i);
    }
    return runtime.floats(values, spec.shape().toArray());
  }

  private void fillFromWeights(AdapterMethod method, long seed) {
    Optional<SiteInitialiser> initialiser = SiteInitialiser.of(runtime, method, layout);
    if (initialiser.isEmpty()) {
      return;
    }
    try (SiteInitialiser program = initialiser.get()) {
      // no method looks at embedding and head
      for (LinearSite site : layout.sites()) {
        if (!method.parameters(site).isEmpty()) {
          try (Tensor weight = seen(method, site)) {
            program.fill(site, weight, this::tensor, seed);
          }
        }
      }
    }
  }

  /**
   * What a site's tensors begin from: the weight as it is computed with; but that of the file where
   * buffers follow from it, since an export knows no other and must find them again.
   */
  private Tensor seen(AdapterMethod method, LinearSite site) {
    return method.buffers(site).isEmpty()
        ? weights.openRounded(site.weightName(), site.storedShape())
        : weights.openCopy(runtime, site.weightName(), site.storedShape());
  }

  /** A trained tensor or a buffer by its name; borrowed. */
  Tensor tensor(String name) {
    Tensor buffer = buffers.get(name);
    return buffer == null ? parameters.value(name) : buffer;
  }

  /** The base weights, and the buffers as handles of their own. */
  WeightSource withBuffers() {
    return new OverlaidWeights(
        weights,
        (name, shape) -> buffers.containsKey(name),
        (name, shape) -> tensors.alias(buffers.get(name)));
  }

  @Override
  public void close() {
    scope.close();
  }
}
