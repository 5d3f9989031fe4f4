package dev.anneal.core.collective.tcp;

import dev.anneal.core.net.ListeningSocket;

/**
 * The place where a rank listens, held from bind until {@link TcpCollective#join} has used it. Its
 * address travels to the other ranks in between. Thread-safe.
 */
public final class TcpEndpoint implements AutoCloseable {
  private static final String PORT_KEY = "distributed.port";

  private final ListeningSocket socket;

  private TcpEndpoint(ListeningSocket socket) {
    this.socket = socket;
  }

  /**
   * Listens on the first free port of a range; 0 to 0 lets the system choose.
   *
   * @param bindHost a name or address of this host that the other ranks reach
   * @throws dev.anneal.core.config.ConfigException when every port is taken or the host is not here
   */
  public static TcpEndpoint listen(String bindHost, int firstPort, int lastPort) {
    return new TcpEndpoint(ListeningSocket.open(bindHost, firstPort, lastPort, PORT_KEY));
  }

  /** {@code host:port}, an IPv6 host in brackets. */
  public String address() {
    return socket.address().toString();
  }

  ListeningSocket socket() {
    return socket;
  }

  @Override
  public void close() {
    socket.close();
  }
}
