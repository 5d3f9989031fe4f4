package dev.anneal.core.peft;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * What an existing LORA adapter's {@code adapter_config.json} says. Immutable.
 *
 * @param baseModel {@code base_model_name_or_path}, or empty
 * @param targets entries of {@code target_modules}; the one element {@code all-linear} is PEFT's
 *     shorthand
 * @param targetPattern {@code target_modules} where it is one regular expression, else empty
 * @param rankPattern other ranks by pattern, in the file's order
 * @param alphaPattern other alphas by pattern, in the file's order
 * @param unknownKeys keys that mean nothing here, for a warning
 */
public record LoraAdapterConfig(
    String baseModel,
    int r,
    double alpha,
    double dropout,
    boolean rankStabilised,
    List<String> targets,
    String targetPattern,
    Map<String, Integer> rankPattern,
    Map<String, Double> alphaPattern,
    List<String> unknownKeys) {
  public LoraAdapterConfig {
    targets = List.copyOf(targets);
    rankPattern = Collections.unmodifiableMap(new LinkedHashMap<>(rankPattern));
    alphaPattern = Collections.unmodifiableMap(new LinkedHashMap<>(alphaPattern));
    unknownKeys = List.copyOf(unknownKeys);
  }

  /**
   * The entries of {@code target_modules} against a model: a regular expression becomes the list of
   * the module paths that it matches as a whole.
   */
  public List<String> targetModules(List<String> modulePaths) {
    if (targetPattern.isEmpty()) {
      return targets;
    }
    Pattern pattern = Pattern.compile(targetPattern);
    return modulePaths.stream().filter(path -> pattern.matcher(path).matches()).toList();
  }
}
