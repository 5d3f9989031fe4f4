package dev.anneal.core.peft;

import dev.anneal.core.model.LinearHook;
import dev.anneal.core.model.weights.LinearSite;
import dev.anneal.core.model.weights.ParameterSpec;
import dev.anneal.core.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * A way to adapt a frozen base model. One file a method; the permitted classes are the one list of
 * them; each carries a {@link PeftMethod}, by which {@link AdapterRegistry} finds it. Immutable.
 */
public sealed interface AdapterMethod extends LinearHook permits Lora {
  /** PEFT's {@code peft_type}. */
  default String peftType() {
    return AdapterRegistry.description(getClass()).type();
  }

  /** The record that made it: its {@link PeftMethod#settings}. */
  Record settings();

  /** The settings that a report shows. */
  String summary();

  /** What of the settings selects modules by name, so that entries without effect are found. */
  default List<ModuleSelection> selections() {
    return List.of();
  }

  /** The initial value of an element of a parameter, as a function of its index alone. */
  InitialValue initialValue(ParameterSpec parameter, long seed);

  /**
   * TorchScript method {@code merge(self, weight, w) -> Tensor}: the base weight with the adapter
   * folded in; {@code w} holds the site's parameters and constants by their last name.
   */
  String mergeSource();

  /**
   * TorchScript method {@code merge_bias(self, bias, w) -> Tensor} of a method that changes a
   * site's bias as well; most do not.
   */
  default Optional<String> mergeBiasSource() {
    return Optional.empty();
  }

  /** The name of a parameter in {@code adapter_model.safetensors}. */
  String exportName(ParameterSpec parameter);

  /**
   * What {@code adapter_config.json} says besides what every method has there. The settings, unless
   * a method adds to them; the caller may change the map.
   */
  default Map<String, Object> exportConfig() {
    return new TreeMap<>(SettingsFields.exported(settings()));
  }

  /** Values of one tensor by index. */
  interface InitialValue {
    float at(long index);
  }

  /** The site's parameters and constants by the name that {@link #mergeSource} uses. */
  default Map<String, Tensor> mergeInputs(LinearSite site, Function<String, Tensor> parameter) {
    Map<String, Tensor> inputs = new LinkedHashMap<>();
    for (ParameterSpec spec : parameters(site)) {
      inputs.put(spec.name().substring(site.module().length() + 1), parameter.apply(spec.name()));
    }
    return inputs;
  }
}
