package dev.anneal.core.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import jdk.net.ExtendedSocketOptions;
import org.junit.jupiter.api.Test;

class LinkOptionsTest {
  @Test
  void anIdleLinkToALostHostBreaksWithinAMinute() throws IOException {
    try (SocketChannel channel = SocketChannel.open()) {
      LinkOptions.set(channel);
      assertThat(channel.getOption(StandardSocketOptions.TCP_NODELAY)).isTrue();
      assertThat(channel.getOption(StandardSocketOptions.SO_KEEPALIVE)).isTrue();
      int idle = channel.getOption(ExtendedSocketOptions.TCP_KEEPIDLE);
      int interval = channel.getOption(ExtendedSocketOptions.TCP_KEEPINTERVAL);
      int probes = channel.getOption(ExtendedSocketOptions.TCP_KEEPCOUNT);
      assertThat(idle + interval * probes).isBetween(1, 59);
    }
  }
}
