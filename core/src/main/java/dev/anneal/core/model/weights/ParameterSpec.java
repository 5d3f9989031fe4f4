package dev.anneal.core.model.weights;

import dev.anneal.core.format.Shape;

/**
 * A trained tensor: its name, its shape, and what the optimizer does to it. Immutable.
 *
 * @param name the Hugging Face name of a base weight, or {@code <module>.<adapter tensor>}
 * @param decay whether weight decay applies to it
 * @param rateScale how many times the learning rate it takes
 */
public record ParameterSpec(String name, Shape shape, boolean decay, double rateScale) {
  /** With the learning rate as it is. */
  public ParameterSpec(String name, Shape shape, boolean decay) {
    this(name, shape, decay, 1);
  }

  public ParameterSpec {
    if (name.isEmpty()) {
      throw new IllegalArgumentException("Invalid parameter name: empty");
    }
    for (long dimension : shape.dimensions()) {
      if (dimension <= 0) {
        throw new IllegalArgumentException(
            "Invalid shape of " + name + ": dimension " + dimension + " (must be > 0)");
      }
    }
  }

  public long elementCount() {
    return shape.elements();
  }
}
