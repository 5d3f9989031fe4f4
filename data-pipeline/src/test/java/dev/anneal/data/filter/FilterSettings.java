package dev.anneal.data.filter;

import dev.anneal.core.config.ConfigLoader;
import dev.anneal.data.config.FilterConfig;
import dev.anneal.data.config.TokenizeConfig;

/** The section that filters are set in, as a configuration of its own. */
public record FilterSettings(TokenizeConfig tokenize) {

  /** The filters of these settings over the defaults. */
  static FilterConfig of(String... settings) {
    return ConfigLoader.of(FilterSettings.class, settings).tokenize().filters();
  }
}
