package dev.anneal.core.peft;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What an existing LORA adapter's {@code adapter_config.json} says. Immutable.
 *
 * @param rankPattern other ranks by pattern, in the file's order
 * @param alphaPattern other alphas by pattern, in the file's order
 */
record LoraAdapterConfig(
    int r,
    double alpha,
    double dropout,
    boolean rankStabilised,
    AdapterTargets targets,
    Map<String, Integer> rankPattern,
    Map<String, Double> alphaPattern)
    implements SavedMethod {
  LoraAdapterConfig {
    rankPattern = Collections.unmodifiableMap(new LinkedHashMap<>(rankPattern));
    alphaPattern = Collections.unmodifiableMap(new LinkedHashMap<>(alphaPattern));
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

  @Override
  public Map<String, Object> settings() {
    Map<String, Object> settings = new LinkedHashMap<>();
    settings.put("r", r);
    settings.put("lora_alpha", alpha);
    settings.put("lora_dropout", dropout);
    if (rankStabilised) {
      settings.put("use_rslora", true);
    }
    if (!rankPattern.isEmpty()) {
      settings.put("rank_pattern", rankPattern);
    }
    if (!alphaPattern.isEmpty()) {
      settings.put("alpha_pattern", alphaPattern);
    }
    return settings;
  }
}
