package dev.anneal.core.model;

/**
 * A trained tensor: its name, its shape, and whether weight decay applies to it.
 *
 * @param name the Hugging Face name of a base weight, or {@code <module>.<adapter tensor>}
 */
public record ParameterSpec(String name, long[] shape, boolean decay) {
  public ParameterSpec {
    if (name.isEmpty()) {
      throw new IllegalArgumentException("Invalid parameter name: empty");
    }
    shape = shape.clone();
    for (long dimension : shape) {
      if (dimension <= 0) {
        throw new IllegalArgumentException(
            "Invalid shape of " + name + ": dimension " + dimension + " (must be > 0)");
      }
    }
  }

  public long elementCount() {
    long count = 1;
    for (long dimension : shape) {
      count *= dimension;
    }
    return count;
  }
}
