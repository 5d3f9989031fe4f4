package dev.anneal.core.model.weights;

import dev.anneal.core.format.Shape;

/**
 * A trained tensor: its name, its shape, and whether weight decay applies to it. Immutable.
 *
 * @param name the Hugging Face name of a base weight, or {@code <module>.<adapter tensor>}
 */
public record ParameterSpec(String name, Shape shape, boolean decay) {
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
