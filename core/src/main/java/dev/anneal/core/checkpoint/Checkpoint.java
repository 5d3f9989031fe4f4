package dev.anneal.core.checkpoint;

/** A committed checkpoint: its folder and its manifest. */
public record Checkpoint(String folder, CheckpointManifest manifest) {
  public long step() {
    return manifest.step();
  }
}
