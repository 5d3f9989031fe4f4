package dev.anneal.core.peft;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What an existing LORA adapter's {@code adapter_config.json} says. Immutable.
 *
 * @param baseModel {@code base_model_name_or_path}, or empty
 * @param rankPattern other ranks by pattern, in the file's order
 * @param alphaPattern other alphas by pattern, in the file's order
 * @param unknownKeys keys that mean nothing here, for a warning
 */
record LoraAdapterConfig(
    String baseModel,
    int r,
    double alpha,
    double dropout,
    boolean rankStabilised,
    AdapterTargets targets,
    Map<String, Integer> rankPattern,
    Map<String, Double> alphaPattern,
    List<String> unknownKeys)
    implements ExistingAdapter {
  LoraAdapterConfig {
    rankPattern = Collections.unmodifiableMap(new LinkedHashMap<>(rankPattern));
    alphaPattern = Collections.unmodifiableMap(new LinkedHashMap<>(alphaPattern));
    unknownKeys = List.copyOf(unknownKeys);
  }

  @Override
  public Lora method(List<String> modulePaths) {
    return new Lora(
        new Lora.Settings(
            r,
            alpha,
            dropout,
            rankStabilised,
            targets.resolve(modulePaths),
            rankPattern,
            alphaPattern));
  }
}
