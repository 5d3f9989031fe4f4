package dev.anneal.core.net;

import java.util.Objects;

/**
 * Who opens a link to whom. Immutable.
 *
 * @param from rank that connects
 * @param to rank that listens; {@link #DRIVER} for the driver
 * @param worldSize how many ranks the connecting side knows of
 */
public record LinkHello(LinkKind kind, int from, int to, int worldSize) {
  /** The driver's place in {@code to}. */
  public static final int DRIVER = -1;

  public LinkHello {
    Objects.requireNonNull(kind, "kind");
    if (worldSize < 1 || from < 0 || from >= worldSize || to < DRIVER || to >= worldSize) {
      throw new IllegalArgumentException(
          "Invalid link: from " + from + " to " + to + " of " + worldSize + " ranks");
    }
  }

  /** The listening side, for messages. */
  String listener() {
    return to == DRIVER ? "the driver" : "rank " + to;
  }
}
