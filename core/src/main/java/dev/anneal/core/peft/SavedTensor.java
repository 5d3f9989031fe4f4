package dev.anneal.core.peft;

import dev.anneal.core.format.Shape;

/** A tensor as it stands in adapter_model.safetensors, row by row. */
public record SavedTensor(Shape shape, float[] values) {
  public SavedTensor {
    if (shape.elements() != values.length) {
      throw new IllegalArgumentException(
          "Invalid tensor: " + values.length + " values of shape " + shape);
    }
  }
}
