package dev.anneal.core.peft.modules;

import java.util.function.Predicate;

/**
 * An entry of a setting that selects modules by their paths. Immutable.
 *
 * @param key the setting, by PEFT's name
 * @param entry a name or an expression
 * @param value what the selected modules get, as messages show it; empty for a setting that is a
 *     mere list
 */
public record ModuleSelection(String key, String entry, String value, Predicate<String> selects) {
  /** PEFT's name of the list of modules that are adapted. */
  public static final String TARGETS = "target_modules";

  /** PEFT's name of the list of modules that are trained whole. */
  public static final String SAVED = "modules_to_save";

  public static final String EXCLUDED = "exclude_modules";
  public static final String RANKS = "rank_pattern";
  public static final String ALPHAS = "alpha_pattern";
  public static final String LAYERS = "layers_to_transform";
}
