package dev.anneal.core.collective.tcp;

import java.io.IOException;

/** A neighbour in the ring is gone. */
final class LinkBrokenException extends IOException {
  LinkBrokenException(int peer, String reason) {
    super("rank " + peer + " closed its connection (" + reason + ")");
  }
}
