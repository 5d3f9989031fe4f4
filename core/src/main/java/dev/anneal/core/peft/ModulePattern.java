package dev.anneal.core.peft;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** PEFT's rule for {@code rank_pattern} and {@code alpha_pattern}. */
final class ModulePattern {
  private ModulePattern() {}

  /** The value of the first key, in order of the keys, that is the path or a dotted end of it. */
  static <T> Optional<T> find(Map<String, T> patterns, String module) {
    for (Map.Entry<String, T> entry : new TreeMap<>(patterns).entrySet()) {
      if (Pattern.matches("(.*\\.)?(" + entry.getKey() + ")$", module)) {
        return Optional.of(entry.getValue());
      }
    }
    return Optional.empty();
  }
}
