package dev.anneal.core.config;

/**
 * A setting that is either one text or a list of texts, which mean different things. An
 * implementation has the static methods {@code ofText(String)} and {@code ofNames(List)}.
 * Immutable.
 */
public interface SettingValue {
  /** As {@code adapter_config.json} holds it: a text, a list of texts, or null. */
  Object json();
}
