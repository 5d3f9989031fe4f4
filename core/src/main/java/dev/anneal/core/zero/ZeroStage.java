package dev.anneal.core.zero;

/** How much of the training state each rank holds for all. */
public enum ZeroStage {
  /** Stage 0: every rank holds everything. */
  REPLICATED,
  /** Stage 1: the optimizer's states are sharded; gradients keep their memory on every rank. */
  SHARDED,
  /** Stage 2: of summed gradients, too, each rank keeps its shard alone. */
  SHARDED_GRADIENTS;

  /** The stage of the setting {@code distributed.zero_stage}. */
  public static ZeroStage of(int number) {
    return switch (number) {
      case 0 -> REPLICATED;
      case 1 -> SHARDED;
      case 2 -> SHARDED_GRADIENTS;
      default ->
          throw new IllegalArgumentException(
              "Invalid distributed.zero_stage: " + number + " (must be 0, 1 or 2)");
    };
  }

  /** Whether the memory of gradients comes and goes: among several ranks at stage 2. */
  public boolean freesGradients(int worldSize) {
    return this == SHARDED_GRADIENTS && worldSize > 1;
  }
}
