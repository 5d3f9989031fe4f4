package dev.anneal.core.config;

import java.io.Serializable;
import java.util.Locale;

/**
 * The optimizer and its constants. Immutable.
 *
 * @param name in capitals; the optimizers themselves check it
 */
public record OptimizerConfig(String name, double adamBeta1, double adamBeta2, double adamEpsilon)
    implements Serializable {
  public OptimizerConfig {
    name = name.toUpperCase(Locale.ROOT);
    Rule.below("optimizer.adam_beta1", adamBeta1, 0, 1);
    Rule.below("optimizer.adam_beta2", adamBeta2, 0, 1);
    Rule.positive("optimizer.adam_epsilon", adamEpsilon);
  }
}
