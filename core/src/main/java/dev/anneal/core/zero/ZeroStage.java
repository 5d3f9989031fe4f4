package dev.anneal.core.zero;

/** How much of the training state each rank holds for all. */
public enum ZeroStage {
  /** Stage 0: every rank holds everything. */
  REPLICATED,
  /**
   * Stages 1 and 2: the optimizer's state is sharded; gradients keep their memory on every rank.
   */
  SHARDED;

  /** The stage of the setting {@code distributed.zero_stage}. */
  public static ZeroStage of(int number) {
    return switch (number) {
      case 0 -> REPLICATED;
      case 1, 2 -> SHARDED;
      default ->
          throw new IllegalArgumentException(
              "Invalid distributed.zero_stage: " + number + " (must be 0, 1 or 2)");
    };
  }
}
