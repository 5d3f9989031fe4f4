package dev.anneal.core.export;

import dev.anneal.core.model.DecoderLayout;
import dev.anneal.core.model.LinearSite;
import dev.anneal.core.peft.AdapterMethod;
import dev.anneal.core.script.Program;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import dev.anneal.core.train.TrainedModel;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A model's weights with its adapter folded in, or its trained base weights. Borrows the model,
 * owns the program that merges. One thread.
 */
public final class MergedWeights implements ModelExport.Weights, AutoCloseable {
  private final TensorRuntime runtime;
  private final TrainedModel model;
  private final Program program;
  private final Map<String, LinearSite> sites = new HashMap<>();

  public MergedWeights(TensorRuntime runtime, TrainedModel model) {
    this.runtime = runtime;
    this.model = model;
    String source = model.adapter().map(AdapterMethod::mergeSource).orElse("");
    this.program = Program.compile(runtime, List.of(source));
    new DecoderLayout(model.config()).sites().forEach(site -> sites.put(weight(site), site));
  }

  private static String weight(LinearSite site) {
    return site.module() + ".weight";
  }

  @Override
  public Tensor open(String name, long[] shape) {
    if (model.parameters().contains(name)) {
      return model.tensors().view(model.parameters().value(name), 0, shape);
    }
    LinearSite site = sites.get(name);
    if (model.adapter().isEmpty()
        || site == null
        || model.adapter().get().parameters(site).isEmpty()) {
      return model.weights().open(name, shape);
    }
    return merge(model.adapter().get(), site, shape);
  }

  private Tensor merge(AdapterMethod method, LinearSite site, long[] shape) {
    Map<String, Tensor> inputs = new LinkedHashMap<>();
    Map<String, Tensor> constants = new LinkedHashMap<>();
    inputs.putAll(method.mergeInputs(site, model.parameters()::value));
    int prefix = site.nameInLayer().length() + 1;
    try (Tensor base = model.weights().open(weight(site), shape)) {
      method
          .constants(site)
          .forEach(
              (name, value) ->
                  constants.put(name.substring(prefix), runtime.doubles(new double[] {value}, 1)));
      inputs.putAll(constants);
      return runtime.withoutGradients(() -> program.call("merge").tensor(base).dict(inputs).one());
    } finally {
      constants.values().forEach(Tensor::close);
    }
  }

  @Override
  public void close() {
    program.close();
  }
}
