package dev.anneal.core.export;

import dev.anneal.core.assembly.TrainedModel;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.model.weights.DecoderLayout;
import dev.anneal.core.model.weights.LinearSite;
import dev.anneal.core.peft.AdapterMethod;
import dev.anneal.core.script.Program;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A model's weights with its adapter folded in, or its trained base weights. Borrows the model,
 * owns the program that merges. One thread.
 */
public final class MergedWeights implements ModelExport.Weights, AutoCloseable {
  private final TensorRuntime runtime;
  private final TrainedModel model;
  private final Program program;
  private final Map<String, Merge> merges = new HashMap<>();

  /**
   * @throws ConfigException as {@link #requireMergeable}
   */
  public MergedWeights(TensorRuntime runtime, TrainedModel model) {
    requireMergeable(model);
    this.runtime = runtime;
    this.model = model;
    List<String> sources = new ArrayList<>();
    model.adapter().flatMap(AdapterMethod::mergeSource).ifPresent(sources::add);
    Optional<String> biasSource = model.adapter().flatMap(AdapterMethod::mergeBiasSource);
    biasSource.ifPresent(sources::add);
    this.program = Program.compile(runtime, sources);
    DecoderLayout layout = new DecoderLayout(model.config());
    for (LinearSite site : model.adapter().map(own -> own.sites(layout)).orElse(List.of())) {
      merges.put(site.weightName(), new Merge(site, "merge"));
      if (biasSource.isPresent()) {
        merges.put(site.module() + ".bias", new Merge(site, "merge_bias"));
      }
    }
  }

  /**
   * For a caller that writes nothing before it knows.
   *
   * @throws ConfigException for an adapter that is no change of weights
   */
  public static void requireMergeable(TrainedModel model) {
    DecoderLayout layout = new DecoderLayout(model.config());
    Optional<String> reason = model.adapter().flatMap(method -> method.unmergeable(layout));
    if (reason.isPresent()) {
      throw new ConfigException(
          "Cannot merge "
              + model.adapter().orElseThrow().peftType()
              + ": "
              + reason.get()
              + " (set export.format to adapter)");
    }
  }

  /** The site that a base tensor belongs to, and the program's method that changes it. */
  private record Merge(LinearSite site, String call) {}

  @Override
  public Tensor open(String name, long[] shape) {
    Merge merge = merges.get(name);
    Tensor base =
        model.parameters().contains(name)
            ? model.tensors().view(model.parameters().value(name), 0, shape)
            : model.weights().open(name, shape);
    if (model.adapter().isEmpty()
        || merge == null
        || model.adapter().get().parameters(merge.site()).isEmpty()) {
      return base;
    }
    try (base) {
      return merged(model.adapter().get(), merge, base);
    }
  }

  private Tensor merged(AdapterMethod method, Merge merge, Tensor base) {
    LinearSite site = merge.site();
    Map<String, Tensor> inputs = new LinkedHashMap<>();
    Map<String, Tensor> constants = new LinkedHashMap<>();
    inputs.putAll(method.mergeInputs(new DecoderLayout(model.config()), site, model::tensor));
    int prefix = site.nameInLayer().length() + 1;
    try {
      method
          .constants(site)
          .forEach(
              (name, value) -> constants.put(name.substring(prefix), runtime.hostDoubles(value)));
      method
          .indices(site)
          .forEach(
              (name, values) ->
                  constants.put(name.substring(prefix), runtime.longs(values, values.length)));
      inputs.putAll(constants);
      return runtime.withoutGradients(
          () -> program.call(merge.call()).tensor(base).dict(inputs).one());
    } finally {
      constants.values().forEach(Tensor::close);
    }
  }

  @Override
  public void close() {
    program.close();
  }
}
