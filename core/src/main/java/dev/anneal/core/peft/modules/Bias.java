package dev.anneal.core.peft.modules;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.model.weights.DecoderLayout;
import java.util.List;
import java.util.function.Predicate;

/** Which biases of the base model are trained with an adapter. */
public enum Bias {
  NONE,
  /** Every bias of the model. */
  ALL,
  /** Those of the adapted modules. */
  LORA_ONLY;

  /**
   * Their names in the model.
   *
   * @param adapted whether the module at a path is adapted
   * @throws ConfigException where the model has none of them
   */
  public List<String> weights(DecoderLayout layout, Predicate<String> adapted) {
    if (this == NONE) {
      return List.of();
    }
    List<String> biases =
        layout.weights().keySet().stream()
            .filter(name -> name.endsWith(".bias"))
            .filter(name -> this == ALL || adapted.test(SavedModules.module(name)))
            .toList();
    if (biases.isEmpty()) {
      throw new ConfigException(
          "Invalid adapter.bias: "
              + name().toLowerCase(java.util.Locale.ROOT)
              + " (the model has no such bias: set none)");
    }
    return biases;
  }
}
