package dev.anneal.core.config;

import java.util.List;
import java.util.Set;

/**
 * A configuration with the story of how it came about. Immutable.
 *
 * @param <T> the root record, whose components are the sections
 * @param config the validated settings
 * @param rendered all of them as HOCON, secrets left out: the content of config.resolved.conf
 * @param setKeys keys that a preset, a file or a setting gave, as opposed to defaults
 * @param notices lines for the log, such as synonyms that were translated
 */
public record LoadedConfig<T>(
    T config, String rendered, Set<String> setKeys, List<String> notices) {
  public LoadedConfig {
    setKeys = Set.copyOf(setKeys);
    notices = List.copyOf(notices);
  }

  /** Whether the user gave this key, for example {@code adapter.r}. */
  public boolean isSet(String key) {
    return setKeys.contains(key);
  }
}
