package dev.anneal.core.control;

import dev.anneal.core.net.GroupIdentity;
import dev.anneal.core.net.LinkAcceptor;
import dev.anneal.core.net.LinkHello;
import dev.anneal.core.net.LinkHost;
import dev.anneal.core.net.LinkKind;
import dev.anneal.core.net.ListeningSocket;
import dev.anneal.core.net.Refusal;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The driver's end of the channel. Takes the ranks of the newest attempt that has proved itself;
 * when a newer one appears, the links of the older are cut. Thread-safe.
 */
public final class ControlServer implements AutoCloseable {
  /** Ranks miss a driver that is silent for several of these. */
  static final Duration BETWEEN_SIGNS = Duration.ofSeconds(10);

  private static final Logger LOG = LoggerFactory.getLogger(ControlServer.class);

  private final GroupIdentity identity;
  private final int worldSize;
  private final ControlListener listener;
  private final String address;
  private final Map<Integer, ControlLink> links = new TreeMap<>();
  private int attempt;
  private Optional<ControlMessage.Stop> stop = Optional.empty();
  private boolean closed;
  private LinkAcceptor acceptor;
  private Periodic signs;

  private ControlServer(
      String address, GroupIdentity identity, int worldSize, ControlListener listener) {
    this.address = address;
    this.identity = identity;
    this.worldSize = worldSize;
    this.listener = Objects.requireNonNull(listener, "listener");
    this.attempt = identity.attempt();
  }

  /**
   * Starts to take ranks; takes over the socket.
   *
   * @param identity the run, and the first attempt that may join
   */
  public static ControlServer start(
      ListeningSocket socket, GroupIdentity identity, int worldSize, ControlListener listener) {
    return start(socket, identity, worldSize, listener, BETWEEN_SIGNS);
  }

  static ControlServer start(
      ListeningSocket socket,
      GroupIdentity identity,
      int worldSize,
      ControlListener listener,
      Duration betweenSigns) {
    if (worldSize < 1) {
      throw new IllegalArgumentException("Invalid world size: " + worldSize + " (must be >= 1)");
    }
    ControlServer server =
        new ControlServer(socket.address().toString(), identity, worldSize, listener);
    server.acceptor = LinkAcceptor.start(socket, server.new Host());
    server.signs = Periodic.start("anneal-control-signs", betweenSigns, server::showLife);
    return server;
  }

  /** Where ranks connect: {@code host:port}. */
  public String address() {
    return address;
  }

  private void showLife() {
    open().forEach(link -> tell(link, new ControlMessage.Alive()));
  }

  private synchronized List<ControlLink> open() {
    return List.copyOf(links.values());
  }

  /** Tells every rank of this attempt to end, also those that join later. */
  public void stop(ControlMessage.Stop order) {
    List<ControlLink> targets;
    synchronized (this) {
      stop = Optional.of(order);
      targets = List.copyOf(links.values());
    }
    targets.forEach(link -> tell(link, order));
  }

  /** Cuts every link; ranks that did not say farewell take it for the driver's end. */
  @Override
  public void close() {
    List<ControlLink> open;
    synchronized (this) {
      closed = true;
      open = List.copyOf(links.values());
      links.clear();
    }
    signs.close();
    acceptor.close();
    open.forEach(ControlServer::cut);
  }

  private void serve(Member member, ControlLink link) {
    try {
      listener.joined(member);
      currentStop().ifPresent(order -> tell(link, order));
      while (true) {
        Envelope envelope = link.receive();
        if (envelope.message() instanceof ControlMessage.Goodbye) {
          if (forget(member, link)) {
            listener.left(member);
          }
          return;
        }
        deliver(member, link, envelope);
      }
    } catch (IOException e) {
      lost(member, link, e.getMessage() == null ? "end of stream" : e.getMessage());
    } catch (RuntimeException | Error e) { // the rank would wait for a driver that does not listen
      LOG.error("rank={} attempt={} event=link-failed", member.rank(), member.attempt(), e);
      lost(member, link, e.toString());
    } finally {
      forget(member, link);
      cut(link);
    }
  }

  private void lost(Member member, ControlLink link, String reason) {
    if (forget(member, link)) {
      LOG.warn(
          "rank={} attempt={} event=lost reason=\"{}\"", member.rank(), member.attempt(), reason);
      listener.lost(member, reason);
    }
  }

  private synchronized Optional<ControlMessage.Stop> currentStop() {
    return stop;
  }

  /** A listener that fails fails the rank that waits for it, and is always logged. */
  private void deliver(Member member, ControlLink link, Envelope envelope) throws IOException {
    long sequence = envelope.sequence();
    try {
      listener.received(member, envelope.message());
    } catch (RuntimeException e) {
      LOG.error("rank={} attempt={} event=message-failed", member.rank(), member.attempt(), e);
      if (envelope.wantsAnswer()) {
        String reason = e.getMessage() == null ? e.toString() : e.getMessage();
        link.send(new ControlMessage.Refused(sequence, reason));
      }
      return;
    }
    if (envelope.wantsAnswer()) {
      link.send(new ControlMessage.Ack(sequence));
    }
  }

  /** Returns whether the link still counted. */
  private synchronized boolean forget(Member member, ControlLink link) {
    return member.attempt() == attempt && links.remove(member.rank(), link);
  }

  /** Returns whether the link counts from now on. */
  private synchronized boolean enter(Member member, ControlLink link) {
    if (closed || member.attempt() < attempt) {
      return false;
    }
    if (member.attempt() > attempt) {
      LOG.info("event=attempt-began attempt={} fenced={}", member.attempt(), attempt);
      links.values().forEach(ControlServer::cut);
      links.clear();
      attempt = member.attempt();
      stop = Optional.empty();
    }
    return links.putIfAbsent(member.rank(), link) == null;
  }

  private static void tell(ControlLink link, ControlMessage message) {
    try {
      link.send(message);
    } catch (IOException e) {
      LOG.debug("event=send-failed reason={}", e.getMessage());
    }
  }

  private static void cut(ControlLink link) {
    try {
      link.close();
    } catch (IOException e) {
      LOG.debug("event=close-failed reason={}", e.getMessage());
    }
  }

  /** Lets ranks in; runs on the acceptor's threads, one of which then serves the rank. */
  private final class Host implements LinkHost {
    @Override
    public GroupIdentity identity() {
      return identity;
    }

    @Override
    public Optional<Refusal> judge(GroupIdentity claimed, LinkHello hello) {
      synchronized (ControlServer.this) {
        if (claimed.attempt() < attempt) {
          return Optional.of(Refusal.OTHER_ATTEMPT);
        }
        boolean expected =
            hello.kind() == LinkKind.DRIVER
                && hello.to() == LinkHello.DRIVER
                && hello.worldSize() == worldSize
                && (claimed.attempt() > attempt || !links.containsKey(hello.from()));
        return expected ? Optional.empty() : Optional.of(Refusal.UNEXPECTED_PEER);
      }
    }

    @Override
    public void admitted(GroupIdentity proven, LinkHello hello, SocketChannel channel) {
      Member member = new Member(proven.attempt(), hello.from());
      ControlLink link;
      try {
        link = new ControlLink(channel);
      } catch (IOException e) {
        LOG.warn("rank={} event=lost reason=\"{}\"", hello.from(), e.getMessage());
        return; // closed already
      }
      if (!enter(member, link)) {
        cut(link);
        return;
      }
      serve(member, link);
    }
  }
}
