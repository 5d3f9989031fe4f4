package dev.anneal.core.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class HostPortTest {
  @Test
  void bracketsIpv6Hosts() {
    assertThat(new HostPort("::1", 7000)).hasToString("[::1]:7000");
    assertThat(HostPort.parse("[fe80::1]:7000")).isEqualTo(new HostPort("fe80::1", 7000));
    assertThat(HostPort.parse("node-3.example:80")).hasToString("node-3.example:80");
  }

  @Test
  void refusesOtherText() {
    for (String text :
        new String[] {"", "host", ":80", "host:x", "::1:80", "host:0", "host:70000"}) {
      assertThatThrownBy(() -> HostPort.parse(text))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("Invalid ");
    }
  }
}
