package dev.anneal.core.checkpoint;

/**
 * A folder found among the checkpoints.
 *
 * @param problem why it cannot be resumed from; empty when it can
 */
public record CheckpointStatus(long step, String folder, String problem) {
  public boolean valid() {
    return problem.isEmpty();
  }
}
