package dev.anneal.core.format;

/** A tensor as it stands in a file, row by row. Immutable but for its values. */
public record SavedTensor(Shape shape, float[] values) {
  public SavedTensor {
    if (shape.elements() != values.length) {
      throw new IllegalArgumentException(
          "Invalid tensor: " + values.length + " values of shape " + shape);
    }
  }
}
