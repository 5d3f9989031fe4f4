package dev.anneal.core.collective.tcp;

import dev.anneal.core.collective.CollectiveException;
import dev.anneal.core.collective.Operation;
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
 * computes. It shows the peers that this process lives, and notices when one of theirs shows
 * nothing: a host without power closes no connection. Sending is possible from any thread.
 */
final class StarLoop implements AutoCloseable {
  private static final Duration FLUSH_LIMIT = Duration.ofSeconds(5);
  private static final int SIGNS_IN_SILENCE = 6;
  private static final Frame ALIVE =
      Frame.bare(Frame.Type.ALIVE, new Operation(0, Operation.Kind.BARRIER, Operation.NO_ROOT, 0));

  /** What a rank does with what arrives; called on the star's thread, must not block. */
  interface Listener {
    void received(int peer, Frame frame);

    /** A peer is gone; what it did, such as {@code closed its connection}. */
    void broken(int peer, String deed);

    /** The star's thread ends for a reason of its own: nothing arrives any more. */
    void died(Throwable cause);
  }

  private final int attempt;
  private final Listener listener;
  private final Duration silence;
  private final Selector selector;
  private final Map<Integer, StarLink> links = new TreeMap<>();
  private final Thread thread;
  private long lastSign = System.nanoTime();
  private volatile boolean closing;

  /**
   * @param silence of a peer after which it counts as gone
   */
  StarLoop(StarChannels channels, Listener listener, Duration silence) throws IOException {
    this.attempt = channels.attempt();
    this.listener = listener;
    this.silence = silence;
    this.selector = Selector.open();
    try {
      register(channels);
    } catch (IOException | RuntimeException e) {
      selector.close();
      throw e;
    }
    this.thread = new Thread(this::run, "anneal-star-" + channels.rank());
    thread.setDaemon(true);
  }

  private void register(StarChannels channels) throws IOException {
    long maxPayload = (long) (Frame.MAX_GIVEN_BYTES + Integer.BYTES) * channels.worldSize();
    for (Map.Entry<Integer, SocketChannel> entry : channels.byPeer().entrySet()) {
      SocketChannel channel = entry.getValue();
      channel.configureBlocking(false);
      StarLink link = new StarLink(entry.getKey(), channel, new FrameReader(attempt, maxPayload));
      channel.register(selector, SelectionKey.OP_READ, link);
      links.put(entry.getKey(), link);
    }
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
        askForWhatIsNeeded();
        selector.select(Math.max(1, silence.toMillis() / SIGNS_IN_SILENCE));
        for (SelectionKey key : selector.selectedKeys()) {
          serve(key);
        }
        selector.selectedKeys().clear();
        // After reading: whoever was stopped for a while itself finds signs of life in its sockets.
        missTheSilent();
        showLife();
      }
    } catch (Throwable e) { // nobody else would say it, and every other rank would wait for ever
      listener.died(e);
    }
  }

  private void askForWhatIsNeeded() {
    for (SelectionKey key : selector.keys()) {
      if (key.isValid()) {
        boolean writes = link(key).hasWaiting();
        key.interestOps(SelectionKey.OP_READ | (writes ? SelectionKey.OP_WRITE : 0));
      }
    }
  }

  private void serve(SelectionKey key) {
    StarLink link = link(key);
    if (!key.isValid()) {
      return;
    }
    if (key.isWritable()) {
      link.flush();
    }
    if (!key.isReadable()) {
      return;
    }
    link.heard(System.nanoTime());
    try {
      Optional<Frame> frame = link.read();
      while (frame.isPresent()) {
        if (frame.get().type() != Frame.Type.ALIVE) {
          listener.received(link.peer(), frame.get());
        }
        frame = link.read();
      }
    } catch (IOException | CollectiveException e) {
      key.cancel();
      listener.broken(link.peer(), "closed its connection (" + e.getMessage() + ")");
    }
  }

  private void missTheSilent() {
    long now = System.nanoTime();
    for (SelectionKey key : selector.keys()) {
      if (key.isValid() && link(key).silentNanos(now) > silence.toNanos()) {
        key.cancel();
        String deed = "has given no sign of life for " + silence.toMillis() + " ms";
        listener.broken(link(key).peer(), deed);
      }
    }
  }

  /** A peer that does not take what was sent before gets no more of it. */
  private void showLife() {
    long now = System.nanoTime();
    if (now - lastSign < silence.toNanos() / SIGNS_IN_SILENCE) {
      return;
    }
    lastSign = now;
    for (StarLink link : links.values()) {
      if (!link.hasWaiting()) {
        link.send(ALIVE.encode(attempt));
      }
    }
  }

  private static StarLink link(SelectionKey key) {
    return (StarLink) key.attachment();
  }

  /** Sends what waits, for a few seconds at most, then closes every link. */
  @Override
  public void close() {
    closing = true;
    selector.wakeup();
    try {
      thread.join(FLUSH_LIMIT.toMillis());
      flushAll();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot send the last words of the star", e);
    } finally {
      closeLinks();
    }
  }

  private void closeLinks() {
    try (selector) {
      for (StarLink link : links.values()) {
        link.channel().close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot close the star's links", e);
    }
  }

  private void flushAll() throws IOException {
    Deadline deadline = Deadline.after(FLUSH_LIMIT);
    while (links.values().stream().anyMatch(StarLink::hasWaiting) && !deadline.expired()) {
      for (SelectionKey key : selector.keys()) {
        if (key.isValid()) {
          key.interestOps(link(key).hasWaiting() ? SelectionKey.OP_WRITE : 0);
        }
      }
      selector.select(deadline.remainingMillis());
      selector.selectedKeys().clear();
      links.values().forEach(StarLink::flush);
    }
  }
}
