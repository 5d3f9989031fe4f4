package dev.anneal.core.collective.tcp;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * One link of the star. Read by the star's thread; written from any thread, never blocking: what
 * the socket does not take waits in a queue.
 */
final class StarLink {
  private final int peer;
  private final SocketChannel channel;
  private final FrameReader reader;
  private final Deque<ByteBuffer> waiting = new ArrayDeque<>();
  private boolean broken;
  private OptionalLong lastHeard = OptionalLong.empty();

  StarLink(int peer, SocketChannel channel, FrameReader reader) {
    this.peer = peer;
    this.channel = channel;
    this.reader = reader;
  }

  int peer() {
    return peer;
  }

  SocketChannel channel() {
    return channel;
  }

  /** Something has arrived; by the star's thread. */
  void heard(long nanoTime) {
    lastHeard = OptionalLong.of(nanoTime);
  }

  /**
   * How long nothing has arrived. 0 for a peer that never spoke: it may still wait for others to
   * join, which has a limit of its own.
   */
  long silentNanos(long nanoTime) {
    return lastHeard.isEmpty() ? 0 : nanoTime - lastHeard.getAsLong();
  }

  Optional<Frame> read() throws IOException {
    return reader.read(channel);
  }

  /** Returns whether something is left for {@link #flush}. */
  synchronized boolean send(ByteBuffer bytes) {
    if (broken) {
      return false;
    }
    waiting.add(bytes);
    flush();
    return !waiting.isEmpty();
  }

  synchronized boolean hasWaiting() {
    return !waiting.isEmpty();
  }

  /** Writes what the socket takes. A broken link drops its queue; the reader will see the end. */
  synchronized void flush() {
    try {
      while (!waiting.isEmpty()) {
        channel.write(waiting.peek());
        if (waiting.peek().hasRemaining()) {
          return;
        }
        waiting.remove();
      }
    } catch (IOException e) {
      broken = true;
      waiting.clear();
    }
  }
}
