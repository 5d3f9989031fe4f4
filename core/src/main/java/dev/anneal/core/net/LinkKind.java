package dev.anneal.core.net;

/** What a link carries. The order is part of the wire format. */
public enum LinkKind {
  /** Values from a rank to the next one. */
  RING,
  /** Small operations and failures between a rank and rank 0. */
  STAR,
  /** Progress and commands between a rank and the driver. */
  DRIVER
}
