package dev.anneal.core.collective.tcp;

import dev.anneal.core.collective.CollectiveException;
import dev.anneal.core.net.Deadline;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The thread that reads a rank's links of the star, so that failures travel also while the rank
 * computes. Sending is possible from any thread.
 */
final class StarLoop implements AutoCloseable {
  private static final Duration FLUSH_LIMIT = Duration.ofSeconds(5);

  /** What a rank does with what arrives; called on the star's thread, must not block. */
  interface Listener {
    void received(int peer, Frame frame);

    void broken(int peer, String reason);
  }

  private final int attempt;
  private final Listener listener;
  private final Selector selector;
  private final Map<Integer, StarLink> links = new TreeMap<>();
  private final Thread thread;
  private volatile boolean closing;

  StarLoop(StarChannels channels, Listener listener) throws IOException {
    this.attempt = channels.attempt();
    this.listener = listener;
    this.selector = Selector.open();
    long maxPayload = (long) (Frame.MAX_GIVEN_BYTES + Integer.BYTES) * channels.worldSize();
    for (Map.Entry<Integer, SocketChannel> entry : channels.byPeer().entrySet()) {
      SocketChannel channel = entry.getValue();
      channel.configureBlocking(false);
      StarLink link = new StarLink(entry.getKey(), channel, new FrameReader(attempt, maxPayload));
      channel.register(selector, SelectionKey.OP_READ, link);
      links.put(entry.getKey(), link);
    }
    this.thread = new Thread(this::run, "anneal-star-" + channels.rank());
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  void send(int peer, Frame frame) {
    if (links.get(peer).send(frame.encode(attempt))) {
      selector.wakeup();
    }
  }

  void sendToAll(Frame frame) {
    links.keySet().forEach(peer -> send(peer, frame));
  }

  private void run() {
    try {
      while (!closing) {
        for (SelectionKey key : selector.keys()) {
          if (key.isValid()) {
            boolean writes = ((StarLink) key.attachment()).hasWaiting();
            key.interestOps(SelectionKey.OP_READ | (writes ? SelectionKey.OP_WRITE : 0));
          }
        }
        selector.select();
        for (SelectionKey key : selector.selectedKeys()) {
          serve(key);
        }
        selector.selectedKeys().clear();
      }
    } catch (IOException e) {
      links.keySet().forEach(peer -> listener.broken(peer, e.getMessage()));
    }
  }

  private void serve(SelectionKey key) {
    StarLink link = (StarLink) key.attachment();
    if (!key.isValid()) {
      return;
    }
    if (key.isWritable()) {
      link.flush();
    }
    try {
      Optional<Frame> frame = link.read();
      while (frame.isPresent()) {
        listener.received(link.peer(), frame.get());
        frame = link.read();
      }
    } catch (IOException | CollectiveException e) {
      key.cancel();
      listener.broken(link.peer(), e.getMessage());
    }
  }

  /** Sends what waits, for a few seconds at most, then closes every link. */
  @Override
  public void close() {
    closing = true;
    selector.wakeup();
    try {
      thread.join(FLUSH_LIMIT.toMillis());
      flushAll();
      for (StarLink link : links.values()) {
        link.channel().close();
      }
      selector.close();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot close the star's links", e);
    }
  }

  private void flushAll() throws IOException {
    Deadline deadline = Deadline.after(FLUSH_LIMIT);
    while (links.values().stream().anyMatch(StarLink::hasWaiting) && !deadline.expired()) {
      for (SelectionKey key : selector.keys()) {
        if (key.isValid()) {
          boolean writes = ((StarLink) key.attachment()).hasWaiting();
          key.interestOps(writes ? SelectionKey.OP_WRITE : 0);
        }
      }
      selector.select(deadline.remainingMillis());
      selector.selectedKeys().clear();
      links.values().forEach(StarLink::flush);
    }
  }
}
