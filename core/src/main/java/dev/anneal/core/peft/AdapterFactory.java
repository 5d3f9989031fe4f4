package dev.anneal.core.peft;

import dev.anneal.core.config.AdapterConfig;

/** How a method comes to be. Stateless. */
interface AdapterFactory {
  /** A fresh adapter, as the settings describe it. */
  AdapterMethod create(AdapterConfig config);

  /**
   * An adapter that exists. An option that is active and not supported is an error by name.
   *
   * @throws dev.anneal.core.config.ConfigException that names what cannot be read
   */
  ExistingAdapter read(AdapterJson json);
}
