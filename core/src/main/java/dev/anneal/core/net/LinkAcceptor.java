package dev.anneal.core.net;

import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Accepts connections on a listening socket and hands the proven ones to a host. Strangers are
 * logged and dropped: each handshake has its own thread, a fixed size and a time limit, and their
 * number is bounded. Thread-safe; {@link #close} also closes the listening socket.
 */
public final class LinkAcceptor implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LinkAcceptor.class);
  private static final Duration HANDSHAKE_LIMIT = Duration.ofSeconds(10);
  private static final Duration AFTER_FAILURE = Duration.ofMillis(100);
  private static final int MAX_HANDSHAKES = 256;

  private final ListeningSocket socket;
  private final LinkHost host;
  private final Set<SocketChannel> shakingHands = ConcurrentHashMap.newKeySet();

  private LinkAcceptor(ListeningSocket socket, LinkHost host) {
    this.socket = socket;
    this.host = host;
  }

  /** Starts accepting; takes over the socket. */
  public static LinkAcceptor start(ListeningSocket socket, LinkHost host) {
    LinkAcceptor acceptor = new LinkAcceptor(socket, host);
    daemon("anneal-accept-" + socket.address().port(), acceptor::acceptAll);
    return acceptor;
  }

  private void acceptAll() {
    while (socket.channel().isOpen()) {
      try {
        take(socket.channel().accept());
      } catch (ClosedChannelException e) {
        return;
      } catch (IOException | RuntimeException | Error e) { // no descriptor or no thread is free now
        LOG.error("event=accept-failed address={}", socket.address(), e);
        LockSupport.parkNanos(AFTER_FAILURE.toNanos());
      }
    }
  }

  private void take(SocketChannel channel) {
    shakingHands.add(channel);
    if (shakingHands.size() > MAX_HANDSHAKES) {
      LOG.warn("event=link-dropped peer={} reason=too-many-handshakes", name(channel));
      drop(channel);
      return;
    }
    try {
      daemon("anneal-handshake", () -> shakeHands(channel));
    } catch (Error e) {
      drop(channel);
      throw e;
    }
  }

  private void shakeHands(SocketChannel channel) {
    try {
      LinkOptions.set(channel);
      Handshake handshake = new Handshake(host.identity());
      Handshake.Peer peer = handshake.accept(channel, host, Deadline.after(HANDSHAKE_LIMIT));
      shakingHands.remove(channel);
      host.admitted(peer.identity(), peer.hello(), channel);
    } catch (LinkRefusedException e) {
      LOG.warn("event=link-refused peer={} reason=\"{}\"", name(channel), e.getMessage());
      drop(channel);
    } catch (IOException e) {
      if (socket.channel().isOpen()) {
        LOG.warn("event=handshake-failed peer={} reason=\"{}\"", name(channel), e.getMessage());
      }
      drop(channel);
    } catch (RuntimeException | Error e) { // a dropped peer tries again or says so; others go on
      LOG.error("event=handshake-failed peer={}", name(channel), e);
      drop(channel);
    }
  }

  private void drop(SocketChannel channel) {
    shakingHands.remove(channel);
    try {
      channel.close();
    } catch (IOException e) {
      LOG.debug("event=close-failed reason={}", e.getMessage());
    }
  }

  private static String name(SocketChannel channel) {
    return String.valueOf(channel.socket().getRemoteSocketAddress());
  }

  private static void daemon(String name, Runnable body) {
    Thread thread = new Thread(body, name);
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void close() {
    socket.close();
    shakingHands.forEach(this::drop);
  }
}
