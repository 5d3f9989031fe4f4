package dev.anneal.core.config;

import java.io.Serializable;

/** The optimizer and its constants. Immutable. */
public record OptimizerConfig(Name name, double adamBeta1, double adamBeta2, double adamEpsilon)
    implements Serializable {

  /** The optimizers there are. */
  public enum Name {
    ADAMW
  }

  public OptimizerConfig {
    Rule.below("optimizer.adam_beta1", adamBeta1, 0, 1);
    Rule.below("optimizer.adam_beta2", adamBeta2, 0, 1);
    Rule.positive("optimizer.adam_epsilon", adamEpsilon);
  }
}
