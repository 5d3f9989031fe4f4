package dev.anneal.core.peft;

import dev.anneal.core.config.AdapterConfig;
import java.util.Set;

/** How a method comes to be. Stateless. */
interface AdapterFactory {
  /** A fresh adapter, as the settings describe it. */
  AdapterMethod create(AdapterConfig config);

  /**
   * An adapter that exists. An option that is active and not supported is an error by name.
   *
   * @throws dev.anneal.core.config.ConfigException that names what cannot be read
   */
  SavedMethod read(AdapterJson json);

  /** The method's own keys in adapter_config.json, supported or not; others are unknown. */
  Set<String> knownKeys();
}
