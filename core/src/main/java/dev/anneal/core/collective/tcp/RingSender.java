package dev.anneal.core.collective.tcp;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/** Sends one operation's header and values to the next rank, without blocking. */
final class RingSender {
  private static final int WINDOW_BYTES = 4 << 20;

  private final SocketChannel channel;
  private final int peer;
  private final ByteBuffer header;
  private final RegionStream values;
  private final long head;

  RingSender(SocketChannel channel, int peer, ByteBuffer header, RingPlan plan) {
    this.channel = channel;
    this.peer = peer;
    this.header = header;
    this.values = new RegionStream(plan.sent());
    this.head = plan.head();
  }

  boolean done() {
    return !header.hasRemaining() && values.done();
  }

  /** Whether something could be written, given what has arrived. */
  boolean ready(long arrived) {
    return header.hasRemaining() || available(arrived) > 0;
  }

  /** Writes what the socket takes now; returns how much that was. */
  long send(long arrived) throws LinkBrokenException {
    try {
      long written = header.hasRemaining() ? channel.write(header) : 0;
      long available = header.hasRemaining() ? 0 : available(arrived);
      if (available > 0) {
        long count = channel.write(values.window((int) Math.min(available, WINDOW_BYTES)));
        values.advance(count);
        written += count;
      }
      return written;
    } catch (IOException e) {
      throw new LinkBrokenException(peer, e.getMessage());
    }
  }

  private long available(long arrived) {
    return Math.min(values.remaining(), head + arrived - values.position());
  }
}
