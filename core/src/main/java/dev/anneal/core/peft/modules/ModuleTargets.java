package dev.anneal.core.peft.modules;

import dev.anneal.core.config.ConfigException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Which modules a method attaches to, by PEFT's rule ({@code check_target_module_exists} of its
 * tuners_utils): what is targeted and not excluded; of a list of targets, where layers are chosen,
 * only those layers' modules, but for an entry that is a module's whole path. Immutable.
 *
 * @param layers indices of layers; empty for all
 * @param layersPattern names of the list of layers; empty for the usual
 */
public record ModuleTargets(
    ModuleNames targets, ModuleNames excluded, List<Integer> layers, List<String> layersPattern) {
  private static final Pattern ANY_LAYER = Pattern.compile(".*?\\.[^.]*\\.(\\d+)\\..*");

  public ModuleTargets {
    layers = List.copyOf(layers);
    layersPattern = List.copyOf(layersPattern);
    if (targets.isEmpty()) {
      throw new ConfigException(
          "Invalid adapter.target_modules: [] (must name at least one module, or all-linear)");
    }
    if (targets.isExpression() && !layers.isEmpty()) {
      throw new ConfigException(
          "Invalid adapter.layers_to_transform: "
              + layers
              + " (has no effect where adapter.target_modules is an expression)");
    }
    if (layers.isEmpty() && !layersPattern.isEmpty()) {
      throw new ConfigException(
          "Invalid adapter.layers_pattern: "
              + layersPattern
              + " (has no effect without adapter.layers_to_transform)");
    }
    requireExpression("target_modules", targets);
    requireExpression("exclude_modules", excluded);
  }

  /** All modules that the names mean. */
  public static ModuleTargets of(ModuleNames targets) {
    return new ModuleTargets(targets, ModuleNames.ofText(""), List.of(), List.of());
  }

  private static void requireExpression(String key, ModuleNames names) {
    try {
      PythonPattern.compile(names.expression());
    } catch (PatternSyntaxException e) {
      throw new ConfigException(
          "Invalid adapter.%s: %s (not a regular expression: %s)"
              .formatted(key, names.expression(), e.getDescription()));
    }
  }

  /** Whether the module at a path is adapted. */
  public boolean matches(String module) {
    return targets.parts().stream().anyMatch(part -> matches(part, module));
  }

  private boolean matches(String part, String module) {
    return targets.matches(part, module)
        && !excluded.matches(module)
        && (layers.isEmpty()
            || targets.namesWhole(module)
            || layer(module).map(layers::contains).orElse(false));
  }

  private Optional<Integer> layer(String module) {
    if (layersPattern.isEmpty()) {
      return number(ANY_LAYER, module);
    }
    return layersPattern.stream()
        .map(name -> PythonPattern.compile(".*\\." + name + "\\.(\\d+)\\..*"))
        .flatMap(pattern -> number(pattern, module).stream())
        .findFirst();
  }

  private static Optional<Integer> number(Pattern pattern, String module) {
    Matcher matcher = pattern.matcher(module);
    return matcher.matches() ? Optional.of(Integer.valueOf(matcher.group(1))) : Optional.empty();
  }

  /** Each entry with the modules that it alone selects, so that one without effect is found. */
  public List<ModuleSelection> selections() {
    List<ModuleSelection> selections = new ArrayList<>();
    for (String part : targets.parts()) {
      if (!part.equals(ModuleNames.ALL_LINEAR)) {
        selections.add(
            new ModuleSelection(
                ModuleSelection.TARGETS, part, "", module -> matches(part, module)));
      }
    }
    for (String part : excluded.parts()) {
      selections.add(
          new ModuleSelection(
              ModuleSelection.EXCLUDED,
              part,
              "",
              module -> targets.matches(module) && excluded.matches(part, module)));
    }
    for (int wanted : layers) {
      selections.add(
          new ModuleSelection(
              ModuleSelection.LAYERS,
              String.valueOf(wanted),
              "",
              module -> targets.matches(module) && layer(module).orElse(-1) == wanted));
    }
    return selections;
  }
}
