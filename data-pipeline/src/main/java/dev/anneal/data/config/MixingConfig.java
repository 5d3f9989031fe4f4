package dev.anneal.data.config;

import dev.anneal.core.config.Rule;
import java.io.Serializable;

/**
 * What the inputs' weights mean. Immutable.
 *
 * @param strategy repeat: how many times the rows are taken; proportional: each input's part of the
 *     text, as much of it as the epochs allow
 * @param maxEpochs most times that a row is taken; 0 sets no bound
 */
public record MixingConfig(Strategy strategy, double maxEpochs) implements Serializable {
  public static final MixingConfig OFF = new MixingConfig(Strategy.REPEAT, 0);

  /** How weights become epochs. */
  public enum Strategy {
    REPEAT,
    PROPORTIONAL
  }

  public MixingConfig {
    Rule.notNegative("tokenize.mixing.max_epochs", maxEpochs);
  }
}
