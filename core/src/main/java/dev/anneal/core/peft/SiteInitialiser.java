package dev.anneal.core.peft;

import dev.anneal.core.model.weights.DecoderLayout;
import dev.anneal.core.model.weights.LinearSite;
import dev.anneal.core.peft.modules.InitialInputs;
import dev.anneal.core.script.Program;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import dev.anneal.core.tensor.TensorScope;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Runs a method's {@link AdapterMethod#initialSource}: initial values that come from base weights.
 * Owns its program. One thread.
 */
public final class SiteInitialiser implements AutoCloseable {
  private final TensorRuntime runtime;
  private final AdapterMethod method;
  private final DecoderLayout layout;
  private final Program program;

  private SiteInitialiser(
      TensorRuntime runtime, AdapterMethod method, DecoderLayout layout, String source) {
    this.runtime = runtime;
    this.method = method;
    this.layout = layout;
    List<String> sources = new ArrayList<>();
    method.mergeSource().ifPresent(sources::add);
    sources.add(source);
    this.program = Program.compile(runtime, sources);
  }

  /** The method's, or nothing where it does not look at weights; the caller owns it. */
  public static Optional<SiteInitialiser> of(
      TensorRuntime runtime, AdapterMethod method, DecoderLayout layout) {
    return method
        .initialSource()
        .map(source -> new SiteInitialiser(runtime, method, layout, source));
  }

  /**
   * Fills a site's tensors in place.
   *
   * @param weight [out, in] in fp32
   * @param tensor a trained tensor or a buffer by its name
   */
  public void fill(LinearSite site, Tensor weight, Function<String, Tensor> tensor, long seed) {
    try (TensorScope scope = new TensorScope()) {
      Map<String, Tensor> inputs = new LinkedHashMap<>(method.mergeInputs(layout, site, tensor));
      int prefix = site.nameInLayer().length() + 1;
      method.constants(site).forEach((name, value) -> put(inputs, scope, name, prefix, value));
      InitialInputs more = method.initialInputs(site, seed);
      more.numbers().forEach((name, value) -> put(inputs, scope, name, 0, value));
      more.tensors()
          .forEach(
              (name, values) ->
                  inputs.put(
                      name, scope.own(runtime.floats(values.values(), values.shape().toArray()))));
      runtime.withoutGradients(
          () -> {
            program.call("initial").tensor(weight).dict(inputs).invoke();
            return true;
          });
    }
  }

  private void put(
      Map<String, Tensor> inputs, TensorScope scope, String name, int prefix, double value) {
    inputs.put(name.substring(prefix), scope.own(runtime.hostDoubles(value)));
  }

  @Override
  public void close() {
    program.close();
  }
}
