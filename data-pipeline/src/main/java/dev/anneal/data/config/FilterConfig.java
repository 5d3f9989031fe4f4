package dev.anneal.data.config;

import java.io.Serializable;

/**
 * Which documents are left out for what they hold, one section a filter, in the order in which they
 * are asked. Immutable.
 */
public record FilterConfig(
    LengthFilterConfig length,
    ScriptFilterConfig script,
    CharacterFilterConfig characters,
    GopherQualityConfig gopherQuality,
    GopherRepetitionConfig gopherRepetition,
    C4FilterConfig c4,
    LineFilterConfig lines)
    implements Serializable {
  public static final FilterConfig OFF =
      new FilterConfig(
          LengthFilterConfig.OFF,
          ScriptFilterConfig.OFF,
          CharacterFilterConfig.OFF,
          GopherQualityConfig.OFF,
          GopherRepetitionConfig.OFF,
          C4FilterConfig.OFF,
          LineFilterConfig.OFF);
}
