package dev.anneal.core.peft;

import java.util.List;

/**
 * Which linear modules an adapter attaches to, by PEFT's rule: an entry matches the module whose
 * path equals it or ends with a dot and it; {@code all-linear} is every linear module but the
 * output head. Immutable.
 */
public final class TargetModules {
  /** PEFT's shorthand. */
  public static final String ALL_LINEAR = "all-linear";

  /** What {@code all-linear} means in a decoder layer of every supported family. */
  private static final List<String> LAYER_LINEARS =
      List.of("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj");

  private final List<String> entries;

  private TargetModules(List<String> entries) {
    this.entries = entries;
  }

  public static TargetModules of(List<String> entries) {
    if (entries.isEmpty()) {
      throw new IllegalArgumentException(
          "Invalid adapter.target_modules: [] (must name at least one module)");
    }
    return new TargetModules(List.copyOf(entries));
  }

  /** The entries as {@code adapter_config.json} lists them: PEFT takes no shorthand in a list. */
  public List<String> exported() {
    return entries.contains(ALL_LINEAR) ? LAYER_LINEARS : entries;
  }

  /** Whether the module at a path of the model's layers is meant. */
  public boolean matches(String module) {
    return entries.stream().anyMatch(entry -> matches(entry, module));
  }

  /** Each entry with the modules that it alone selects; the shorthand always has some. */
  List<ModuleSelection> selections() {
    return entries.stream()
        .filter(entry -> !entry.equals(ALL_LINEAR))
        .map(
            entry ->
                new ModuleSelection(
                    ModuleSelection.TARGETS, entry, "", module -> matches(entry, module)))
        .toList();
  }

  private static boolean matches(String entry, String module) {
    return entry.equals(ALL_LINEAR) || module.equals(entry) || module.endsWith("." + entry);
  }
}
