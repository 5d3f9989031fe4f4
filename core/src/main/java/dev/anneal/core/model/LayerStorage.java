package dev.anneal.core.model;

/** What a layer's forward keeps for its backward. */
public enum LayerStorage {
  /** All activations. */
  KEEP,
  /** The input alone: gradient checkpointing. */
  RECOMPUTE
}
