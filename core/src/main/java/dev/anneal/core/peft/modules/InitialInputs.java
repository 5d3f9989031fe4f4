package dev.anneal.core.peft.modules;

import dev.anneal.core.format.SavedTensor;
import dev.anneal.core.format.Shape;
import java.util.Map;

/**
 * What a method's {@code initial} program reads besides the weight and the site's own tensors.
 *
 * @param numbers scalars by name
 * @param tensors values by name
 */
public record InitialInputs(Map<String, Double> numbers, Map<String, SavedTensor> tensors) {
  public static final InitialInputs NONE = new InitialInputs(Map.of(), Map.of());

  public InitialInputs {
    numbers = Map.copyOf(numbers);
    tensors = Map.copyOf(tensors);
  }

  /** One tensor and one number. */
  public static InitialInputs of(
      String name, Shape shape, float[] values, String number, double value) {
    return new InitialInputs(Map.of(number, value), Map.of(name, new SavedTensor(shape, values)));
  }
}
