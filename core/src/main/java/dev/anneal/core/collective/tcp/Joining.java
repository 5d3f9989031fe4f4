package dev.anneal.core.collective.tcp;

import dev.anneal.core.collective.CollectiveException;
import dev.anneal.core.net.Deadline;
import dev.anneal.core.net.GroupIdentity;
import dev.anneal.core.net.HostPort;
import dev.anneal.core.net.LinkAcceptor;
import dev.anneal.core.net.LinkConnector;
import dev.anneal.core.net.LinkHello;
import dev.anneal.core.net.LinkHost;
import dev.anneal.core.net.LinkKind;
import dev.anneal.core.net.Refusal;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Opens a rank's links: connects to the next rank and to rank 0, and accepts the previous rank and,
 * at rank 0, all others. Used once, by one thread; peers arrive on others.
 */
final class Joining implements LinkHost {
  private static final Logger LOG = LoggerFactory.getLogger(Joining.class);

  private final List<HostPort> addresses;
  private final int rank;
  private final GroupIdentity identity;
  private final Map<Integer, SocketChannel> starArrivals = new HashMap<>();
  private final Map<Integer, SocketChannel> ringArrivals = new HashMap<>();
  private boolean over;

  Joining(List<HostPort> addresses, int rank, GroupIdentity identity) {
    this.addresses = List.copyOf(addresses);
    this.rank = rank;
    this.identity = identity;
  }

  /** A rank's open links, the caller's to close. */
  record Links(RingLinks ring, StarChannels star) {
    void close() {
      closeQuietly(ring.next());
      closeQuietly(ring.previous());
      star.byPeer().values().forEach(Joining::closeQuietly);
    }
  }

  /** Waits for every link; takes over the endpoint and closes it. */
  Links join(TcpEndpoint endpoint, Deadline deadline) {
    Map<LinkKind, SocketChannel> opened = new HashMap<>();
    LinkAcceptor acceptor = LinkAcceptor.start(endpoint.socket(), this);
    try {
      opened.put(LinkKind.RING, connect(LinkKind.RING, next(), deadline));
      if (rank != 0) {
        opened.put(LinkKind.STAR, connect(LinkKind.STAR, 0, deadline));
      }
      awaitArrivals(deadline);
      return links(opened);
    } catch (IOException | CollectiveException e) {
      abandon(opened);
      throw new CollectiveException(
          "Rank " + rank + " cannot join the group: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      abandon(opened);
      Thread.currentThread().interrupt();
      throw new CollectiveException("Rank " + rank + " was interrupted while joining", e);
    } finally {
      acceptor.close();
    }
  }

  private SocketChannel connect(LinkKind kind, int peer, Deadline deadline) throws IOException {
    LinkHello hello = new LinkHello(kind, rank, peer, worldSize());
    return new LinkConnector(identity).connect(addresses.get(peer), hello, deadline);
  }

  private synchronized void awaitArrivals(Deadline deadline) throws InterruptedException {
    while (!missing().isEmpty()) {
      int millis = deadline.remainingMillis();
      if (millis == 0) {
        throw new CollectiveException("ranks " + missing() + " did not connect in time");
      }
      wait(millis);
    }
  }

  private TreeSet<Integer> missing() {
    TreeSet<Integer> missing = new TreeSet<>();
    if (!ringArrivals.containsKey(previous())) {
      missing.add(previous());
    }
    for (int peer = 1; rank == 0 && peer < worldSize(); peer++) {
      if (!starArrivals.containsKey(peer)) {
        missing.add(peer);
      }
    }
    return missing;
  }

  private synchronized Links links(Map<LinkKind, SocketChannel> opened) {
    over = true;
    SocketChannel fromPrevious = ringArrivals.get(previous());
    Map<Integer, SocketChannel> star =
        rank == 0 ? starArrivals : Map.of(0, opened.get(LinkKind.STAR));
    return new Links(
        new RingLinks(
            rank, worldSize(), identity.attempt(), opened.get(LinkKind.RING), fromPrevious),
        new StarChannels(rank, worldSize(), identity.attempt(), star));
  }

  private synchronized void abandon(Map<LinkKind, SocketChannel> opened) {
    over = true;
    opened.values().forEach(Joining::closeQuietly);
    ringArrivals.values().forEach(Joining::closeQuietly);
    starArrivals.values().forEach(Joining::closeQuietly);
  }

  @Override
  public GroupIdentity identity() {
    return identity;
  }

  @Override
  public Optional<Refusal> judge(GroupIdentity claimed, LinkHello hello) {
    if (claimed.attempt() != identity.attempt()) {
      return Optional.of(Refusal.OTHER_ATTEMPT);
    }
    boolean forUs = hello.worldSize() == worldSize() && hello.to() == rank;
    boolean expected =
        switch (hello.kind()) {
          case RING -> hello.from() == previous();
          case STAR -> rank == 0 && hello.from() != 0;
          case DRIVER -> false;
        };
    return forUs && expected ? Optional.empty() : Optional.of(Refusal.UNEXPECTED_PEER);
  }

  /** A rank that connects again has lost its first link: the later one counts. */
  @Override
  public synchronized void admitted(GroupIdentity proven, LinkHello hello, SocketChannel channel) {
    if (over) {
      closeQuietly(channel);
      return;
    }
    Map<Integer, SocketChannel> arrivals =
        hello.kind() == LinkKind.RING ? ringArrivals : starArrivals;
    SocketChannel earlier = arrivals.put(hello.from(), channel);
    if (earlier != null) {
      closeQuietly(earlier);
    }
    notifyAll();
  }

  private int worldSize() {
    return addresses.size();
  }

  private int next() {
    return (rank + 1) % worldSize();
  }

  private int previous() {
    return (rank + worldSize() - 1) % worldSize();
  }

  /** The link never carried anything: a failure to close it loses nothing. */
  private static void closeQuietly(SocketChannel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      LOG.debug("event=close-failed reason={}", e.getMessage());
    }
  }
}
