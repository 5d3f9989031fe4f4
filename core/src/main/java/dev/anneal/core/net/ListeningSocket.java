package dev.anneal.core.net;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.PortRange;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.channels.ServerSocketChannel;

/**
 * A socket that listens from construction to {@link #close}, so that no other process can take its
 * port between. Thread-safe.
 */
public final class ListeningSocket implements AutoCloseable {
  private static final int BACKLOG = 1024;

  private final ServerSocketChannel channel;
  private final HostPort address;

  private ListeningSocket(ServerSocketChannel channel, HostPort address) {
    this.channel = channel;
    this.address = address;
  }

  /**
   * Binds the first free port of a range; 0 to 0 lets the system choose.
   *
   * @param bindHost a name or address of this host that the other processes can reach
   * @param portKey the setting that chooses the range, for the message
   * @throws ConfigException when the host is not this one or every port is taken
   */
  public static ListeningSocket open(String bindHost, int firstPort, int lastPort, String portKey) {
    boolean any = firstPort == 0 && lastPort == 0;
    if (!any && (firstPort < 1 || lastPort > HostPort.MAX_PORT || lastPort < firstPort)) {
      throw new ConfigException(
          "Invalid "
              + portKey
              + ": "
              + firstPort
              + "-"
              + lastPort
              + " (must be 0, a port, or a range within 1-65535)");
    }
    InetAddress host = resolve(bindHost);
    if (bindHost.isBlank() || host.isAnyLocalAddress()) {
      throw new ConfigException(
          "Cannot listen on '" + bindHost + "': must be one address that the other ranks reach");
    }
    Place place = new Place(host, host.getHostAddress());
    return place.bind(firstPort, lastPort, "set " + portKey + " to a free port");
  }

  /**
   * Binds the first free port of a range at one address of this host, or all of them, where others
   * reach it by another name: behind a bridge, for example.
   *
   * @param remedy which settings choose address and ports, for the message
   * @throws ConfigException when the address is not this host's or every port is taken
   */
  public static ListeningSocket openAs(
      String reachedAs, String bindAddress, PortRange ports, String remedy) {
    return new Place(resolve(bindAddress), reachedAs).bind(ports.first(), ports.last(), remedy);
  }

  private static InetAddress resolve(String bindHost) {
    try {
      return InetAddress.getByName(bindHost);
    } catch (UnknownHostException e) {
      throw new ConfigException("Cannot listen on '" + bindHost + "': unknown host", e);
    }
  }

  /** An address of this host, and how others reach it. */
  private record Place(InetAddress host, String reachedAs) {
    ListeningSocket bind(int firstPort, int lastPort, String remedy) {
      IOException last = null;
      for (int port = firstPort; port <= lastPort; port++) {
        try {
          return bind(port);
        } catch (IOException e) {
          last = e;
        }
      }
      String ports =
          firstPort == lastPort ? "port " + firstPort : "ports " + firstPort + "-" + lastPort;
      throw new ConfigException(
          "Cannot listen on "
              + host.getHostAddress()
              + ", "
              + ports
              + ": "
              + last.getMessage()
              + " ("
              + remedy
              + ")",
          last);
    }

    private ListeningSocket bind(int port) throws IOException {
      ServerSocketChannel channel = ServerSocketChannel.open();
      try {
        channel.bind(new InetSocketAddress(host, port), BACKLOG);
        int bound = ((InetSocketAddress) channel.getLocalAddress()).getPort();
        return new ListeningSocket(channel, new HostPort(reachedAs, bound));
      } catch (IOException e) {
        channel.close();
        throw e;
      }
    }
  }

  /** Where others connect. */
  public HostPort address() {
    return address;
  }

  ServerSocketChannel channel() {
    return channel;
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot close the socket on " + address, e);
    }
  }
}
