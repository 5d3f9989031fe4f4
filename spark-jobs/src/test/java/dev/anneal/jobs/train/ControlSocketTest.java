package dev.anneal.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.net.HostPort;
import dev.anneal.core.net.ListeningSocket;
import dev.anneal.jobs.config.AnnealConfig;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;

class ControlSocketTest {
  private static SparkConf conf(String... bindAddress) {
    SparkConf conf = new SparkConf(false).set("spark.driver.host", "driver.example");
    for (String address : bindAddress) {
      conf.set("spark.driver.bindAddress", address);
    }
    return conf;
  }

  private static ListeningSocket open(SparkConf conf, String... settings) {
    return ControlSocket.open(AnnealConfig.of(settings).distributed(), conf);
  }

  private static int freePort() throws IOException {
    try (ServerSocket probe = new ServerSocket(0)) {
      return probe.getLocalPort();
    }
  }

  @Test
  void listensWhereSparkDoesAndIsReachedAsSparkIs() throws IOException {
    try (ListeningSocket socket = open(conf("127.0.0.1"))) {
      HostPort address = socket.address();
      assertThat(address.host()).isEqualTo("driver.example");
      assertThat(address.port()).isPositive();
      new Socket("127.0.0.1", address.port()).close();
    }
    SparkConf ipv6 = conf("127.0.0.1").set("spark.driver.host", "[2001:db8::1]");
    try (ListeningSocket socket = open(ipv6)) {
      assertThat(socket.address()).hasToString("[2001:db8::1]:" + socket.address().port());
    }
  }

  @Test
  void takesTheAddressAndThePortOfTheSettings() throws IOException {
    String port = "distributed.control_port=" + freePort();
    try (ListeningSocket socket =
        open(conf("192.0.2.1"), "distributed.control_bind_address=0.0.0.0", port)) {
      assertThat(port).endsWith("=" + socket.address().port());
      assertThat(socket.address().host()).isEqualTo("driver.example");
      new Socket("127.0.0.2", socket.address().port()).close();
    }
  }

  @Test
  void aPortThatIsTakenIsNamedWithItsKey() throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      int port = taken.getLocalPort();
      assertThatThrownBy(() -> open(conf("127.0.0.1"), "distributed.control_port=" + port))
          .isInstanceOf(ConfigException.class)
          .hasMessageStartingWith("Cannot listen on 127.0.0.1, port " + port + ": ")
          .hasMessageContaining("(set distributed.control_port to a free port or a range, ");
      int next = port == 65535 ? port : port + 1;
      String range = "distributed.control_port=" + port + "-" + Math.min(next + 20, 65535);
      try (ListeningSocket socket = open(conf("127.0.0.1"), range)) {
        assertThat(socket.address().port()).isGreaterThan(port);
      }
    }
  }

  @Test
  void anAddressOfAnotherHostIsNamedWithItsKey() {
    assertThatThrownBy(() -> open(conf(), "distributed.control_bind_address=192.0.2.1"))
        .hasMessageStartingWith("Cannot listen on 192.0.2.1, port 0: ")
        .hasMessageEndingWith("distributed.control_bind_address to an address of this host)");
    assertThatThrownBy(() -> AnnealConfig.of("distributed.control_port=70000"))
        .hasMessage(
            "Invalid distributed.control_port: 70000 (must be 0, a port, or a range such as"
                + " 35000-35099)");
    assertThatThrownBy(() -> AnnealConfig.of("distributed.port=9-1"))
        .hasMessageStartingWith("Invalid distributed.port: 9-1 (must be 0, a port, or a range");
  }
}
