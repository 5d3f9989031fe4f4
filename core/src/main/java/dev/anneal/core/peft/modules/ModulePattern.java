package dev.anneal.core.peft.modules;

import dev.anneal.core.config.ConfigException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** PEFT's rule for {@code rank_pattern} and {@code alpha_pattern}. */
public final class ModulePattern {
  private ModulePattern() {}

  /**
   * @throws ConfigException for a key that is no expression
   */
  public static void requireExpressions(String setting, Map<String, ?> patterns) {
    for (String pattern : patterns.keySet()) {
      try {
        PythonPattern.compile(pattern);
      } catch (PatternSyntaxException e) {
        throw new ConfigException(
            "Invalid %s: %s (not a regular expression: %s)"
                .formatted(setting, pattern, e.getDescription()));
      }
    }
  }

  /** The value of the first key, in the map's order, that is the path or a dotted end of it. */
  public static <T> Optional<T> find(Map<String, T> patterns, String module) {
    for (Map.Entry<String, T> entry : patterns.entrySet()) {
      if (compile(entry.getKey()).matcher(module).matches()) {
        return Optional.of(entry.getValue());
      }
    }
    return Optional.empty();
  }

  /** Each entry with the modules that it selects. */
  public static List<ModuleSelection> selections(String key, Map<String, ?> patterns) {
    List<ModuleSelection> selections = new ArrayList<>();
    patterns.forEach(
        (pattern, value) -> {
          Pattern compiled = compile(pattern);
          selections.add(
              new ModuleSelection(
                  key,
                  pattern,
                  String.valueOf(value),
                  module -> compiled.matcher(module).matches()));
        });
    return selections;
  }

  private static Pattern compile(String pattern) {
    return PythonPattern.compile("(.*\\.)?(" + pattern + ")");
  }
}
