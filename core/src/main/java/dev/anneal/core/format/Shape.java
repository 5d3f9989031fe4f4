package dev.anneal.core.format;

import java.util.ArrayList;
import java.util.List;

/** Sizes of a tensor's dimensions; no dimension at all is a scalar. Immutable. */
public record Shape(List<Long> dimensions) {
  public Shape {
    dimensions = List.copyOf(dimensions);
    for (long dimension : dimensions) {
      if (dimension < 0) {
        throw new IllegalArgumentException("Invalid shape: " + dimensions + " (must be >= 0)");
      }
    }
  }

  public static Shape of(long... dimensions) {
    List<Long> list = new ArrayList<>(dimensions.length);
    for (long dimension : dimensions) {
      list.add(dimension);
    }
    return new Shape(list);
  }

  /** Number of elements; {@link ArithmeticException} when it does not fit in a long. */
  public long elements() {
    long product = 1;
    for (long dimension : dimensions) {
      product = Math.multiplyExact(product, dimension);
    }
    return product;
  }

  public long[] toArray() {
    return dimensions.stream().mapToLong(Long::longValue).toArray();
  }

  @Override
  public String toString() {
    return dimensions.toString();
  }
}
