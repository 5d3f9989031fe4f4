package dev.anneal.core.config;

/**
 * A setting that is either one text or a list of texts, which mean different things, or a map. An
 * implementation has the static methods {@code ofText(String)} and {@code ofNames(List)}, and
 * {@code ofMap(Map)} where it takes one. Immutable.
 */
public interface SettingValue {
  /** As {@code adapter_config.json} holds it: a text, a list, a map, or null. */
  Object json();
}
