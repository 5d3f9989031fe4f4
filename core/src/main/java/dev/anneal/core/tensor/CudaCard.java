package dev.anneal.core.tensor;

import java.io.Serializable;
import java.util.Objects;

/**
 * A card as its driver describes it. Immutable.
 *
 * @param memory bytes of the whole card
 * @param major of its compute capability
 * @param minor of its compute capability
 */
public record CudaCard(String name, long memory, int major, int minor) implements Serializable {
  public CudaCard {
    Objects.requireNonNull(name, "name");
  }

  /** As CUDA's tables have it, such as {@code 9.0}. */
  public String computeCapability() {
    return major + "." + minor;
  }
}
