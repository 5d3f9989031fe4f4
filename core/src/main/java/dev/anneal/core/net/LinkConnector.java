package dev.anneal.core.net;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/** Opens proven links to listening processes of the same run. Thread-safe. */
public final class LinkConnector {
  private static final Duration FIRST_PAUSE = Duration.ofMillis(20);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(1);

  private final Handshake handshake;

  public LinkConnector(GroupIdentity identity) {
    this.handshake = new Handshake(identity);
  }

  /**
   * Connects and shakes hands, again and again until the deadline while the network fails.
   *
   * @return a blocking channel, the caller's to close
   * @throws LinkRefusedException when one side does not accept the other
   */
  public SocketChannel connect(HostPort address, LinkHello hello, Deadline deadline)
      throws IOException {
    Duration pause = FIRST_PAUSE;
    while (true) {
      try {
        return connectOnce(address, hello, deadline);
      } catch (LinkRefusedException e) {
        throw e;
      } catch (IOException e) {
        if (deadline.expired() || Thread.currentThread().isInterrupted()) {
          throw new ConnectException(
              "Cannot reach " + hello.listener() + " at " + address + ": " + e.getMessage());
        }
        LockSupport.parkNanos(pause.toNanos());
        pause = pause.multipliedBy(2);
        pause = pause.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : pause;
      }
    }
  }

  private SocketChannel connectOnce(HostPort address, LinkHello hello, Deadline deadline)
      throws IOException {
    SocketChannel channel = SocketChannel.open();
    try {
      LinkOptions.set(channel);
      InetSocketAddress target = new InetSocketAddress(address.host(), address.port());
      if (target.isUnresolved()) {
        throw new ConnectException("unknown host " + address.host());
      }
      channel.socket().connect(target, Math.max(1, deadline.remainingMillis()));
      handshake.connect(channel, hello, deadline);
      return channel;
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }
}
