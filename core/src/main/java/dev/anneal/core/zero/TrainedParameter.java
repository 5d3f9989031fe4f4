package dev.anneal.core.zero;

import java.util.Objects;

/**
 * A trainable parameter as the partition sees it. Immutable.
 *
 * @param name as in the checkpoint
 * @param elements number of values
 * @param decays whether weight decay applies to it
 */
public record TrainedParameter(String name, long elements, boolean decays) {
  public TrainedParameter {
    Objects.requireNonNull(name, "name");
    if (elements < 0) {
      throw new IllegalArgumentException(
          "Invalid size of " + name + ": " + elements + " (must be >= 0)");
    }
  }
}
