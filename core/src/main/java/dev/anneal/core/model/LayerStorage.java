package dev.anneal.core.model;

/**
 * What the layers' forwards keep for their backwards: all activations, or the input alone (gradient
 * checkpointing). The numbers are the same.
 *
 * @param recomputed how many layers keep their input alone, from the lowest trained one
 */
public record LayerStorage(int recomputed) {
  /** All activations of all layers. */
  public static final LayerStorage KEEP = new LayerStorage(0);

  /** The inputs alone, of all layers. */
  public static final LayerStorage RECOMPUTE = new LayerStorage(Integer.MAX_VALUE);

  public LayerStorage {
    if (recomputed < 0) {
      throw new IllegalArgumentException(
          "Invalid recomputed layers: " + recomputed + " (must be >= 0)");
    }
  }
}
