package dev.anneal.core.zero;

import java.util.List;

/**
 * A run of the flat buffer that travels as one collective. Immutable.
 *
 * @param index counts from 0
 * @param offset first value in the flat buffer
 * @param length values with padding, a multiple of the world size
 * @param parameters what it holds, one after the other; padding follows the last
 */
public record Bucket(int index, long offset, long length, List<TrainedParameter> parameters) {
  public Bucket {
    parameters = List.copyOf(parameters);
  }

  /** Values without padding. */
  public long payload() {
    return parameters.stream().mapToLong(TrainedParameter::elements).sum();
  }
}
