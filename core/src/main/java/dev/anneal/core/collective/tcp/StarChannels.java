package dev.anneal.core.collective.tcp;

import java.nio.channels.SocketChannel;
import java.util.Map;

/** A rank's open links of the star: to every other rank at rank 0, to rank 0 elsewhere. */
record StarChannels(int rank, int worldSize, int attempt, Map<Integer, SocketChannel> byPeer) {
  StarChannels {
    byPeer = Map.copyOf(byPeer);
  }
}
