package dev.anneal.core.collective.tcp;

import java.io.IOException;
import java.nio.channels.SocketChannel;

/** A rank's two neighbours. Immutable; the channels are closed by {@link Ring}. */
record RingLinks(int rank, int worldSize, int attempt, SocketChannel next, SocketChannel previous) {
  int nextRank() {
    return (rank + 1) % worldSize;
  }

  int previousRank() {
    return (rank + worldSize - 1) % worldSize;
  }

  void close() throws IOException {
    try {
      next.close();
    } finally {
      previous.close();
    }
  }
}
