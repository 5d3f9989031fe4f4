package dev.anneal.core.peft.modules;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.model.weights.DecoderLayout;
import java.util.List;
import java.util.Locale;
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
   */
  public List<String> weights(DecoderLayout layout, Predicate<String> adapted) {
    return layout.weights().keySet().stream()
        .filter(name -> this != NONE && name.endsWith(".bias"))
        .filter(name -> this == ALL || adapted.test(SavedModules.module(name)))
        .toList();
  }

  /**
   * Refuses settings without an effect.
   *
   * @throws ConfigException where the model has none of them
   */
  public void require(DecoderLayout layout, Predicate<String> adapted) {
    if (this != NONE && weights(layout, adapted).isEmpty()) {
      throw new ConfigException(
          "Invalid adapter.bias: "
              + name().toLowerCase(Locale.ROOT)
              + " (the model has no such bias: set none)");
    }
  }
}
