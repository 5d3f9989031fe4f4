package dev.anneal.core.peft;

import java.util.List;

/** What the {@code adapter_config.json} of an existing adapter says. Immutable. */
public interface ExistingAdapter {
  /**
   * The method for a model.
   *
   * @param modulePaths the model's linear modules, which an expression in {@code target_modules} is
   *     matched against
   */
  AdapterMethod method(List<String> modulePaths);
}
