package dev.anneal.core.net;

import java.io.IOException;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.util.Map;
import jdk.net.ExtendedSocketOptions;

/**
 * How our connections behave: no waiting for fuller packets, and a peer whose host is gone is
 * noticed in half a minute by a link on which nothing travels; Linux alone would take two hours.
 * What was sent and not confirmed keeps these probes from being sent: see the signs of life of
 * {@code collective.tcp}. Stateless.
 */
final class LinkOptions {
  private static final Map<SocketOption<Integer>, Integer> PROBES =
      Map.of(
          ExtendedSocketOptions.TCP_KEEPIDLE, 15, // seconds
          ExtendedSocketOptions.TCP_KEEPINTERVAL, 5, // seconds
          ExtendedSocketOptions.TCP_KEEPCOUNT, 3);

  private LinkOptions() {}

  static void set(SocketChannel channel) throws IOException {
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
    for (Map.Entry<SocketOption<Integer>, Integer> probe : PROBES.entrySet()) {
      if (channel.supportedOptions().contains(probe.getKey())) {
        channel.setOption(probe.getKey(), probe.getValue());
      }
    }
  }
}
