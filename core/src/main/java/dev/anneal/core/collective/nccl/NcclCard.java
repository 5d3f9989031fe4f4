package dev.anneal.core.collective.nccl;

import dev.anneal.core.tensor.cuda.CudaRuntime;
import java.util.Objects;

/**
 * The card of a rank and the libraries that reach it. Immutable.
 *
 * @param ordinal as CUDA counts the cards that this process sees
 */
public record NcclCard(NcclLibrary nccl, CudaRuntime cuda, int ordinal) {
  public NcclCard {
    Objects.requireNonNull(nccl, "nccl");
    Objects.requireNonNull(cuda, "cuda");
    if (ordinal < 0) {
      throw new IllegalArgumentException("Invalid ordinal: " + ordinal + " (must be >= 0)");
    }
  }

  /** A card with the libraries of this host; a ConfigException says what is missing. */
  public static NcclCard find(int ordinal) {
    return new NcclCard(NcclLibrary.find(), CudaRuntime.find(), ordinal);
  }
}
