package dev.anneal.core.peft;

import java.util.List;
import java.util.Map;

/** What the {@code adapter_config.json} of one method says. Immutable. */
interface SavedMethod {
  /**
   * The method for a model.
   *
   * @param modulePaths the model's linear modules, which an expression in {@code target_modules} is
   *     matched against
   */
  AdapterMethod method(List<String> modulePaths);

  /** What a reader wants to know besides the target modules, in order. */
  default Map<String, Object> settings() {
    return Map.of();
  }
}
