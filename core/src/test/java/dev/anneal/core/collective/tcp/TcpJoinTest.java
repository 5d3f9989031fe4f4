package dev.anneal.core.collective.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.collective.Collective;
import dev.anneal.core.collective.CollectiveException;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.net.Deadline;
import dev.anneal.core.net.GroupIdentity;
import dev.anneal.core.net.HostPort;
import dev.anneal.core.net.LinkConnector;
import dev.anneal.core.net.LinkHello;
import dev.anneal.core.net.LinkKind;
import dev.anneal.core.net.LinkRefusedException;
import dev.anneal.core.net.Refusal;
import java.net.Inet6Address;
import java.net.NetworkInterface;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How ranks find each other, and who is kept out. */
@Timeout(60)
class TcpJoinTest {
  private static final LinkHello FROM_ONE = new LinkHello(LinkKind.RING, 1, 0, 2);

  private final ExecutorService threads = Executors.newCachedThreadPool();

  @AfterEach
  void stop() {
    threads.shutdownNow();
  }

  @Test
  void strangersDoNotDisturbTheJoin() throws Exception {
    List<TcpEndpoint> endpoints = LoopbackGroup.endpoints(2);
    List<String> addresses = LoopbackGroup.addresses(endpoints);
    Future<Collective> zero = threads.submit(() -> join(endpoints, 0, addresses));
    HostPort target = HostPort.parse(addresses.get(0));
    try (Socket silent = new Socket(target.host(), target.port());
        Socket noisy = new Socket(target.host(), target.port())) {
      noisy.getOutputStream().write("GET / HTTP/1.1\r\nHost: x\r\n".repeat(8).getBytes());
      assertRefused(target, LoopbackGroup.IDENTITY.withAttempt(0), FROM_ONE, Refusal.OTHER_ATTEMPT);
      assertRefused(
          target, new GroupIdentity("other", 1, LoopbackGroup.SECRET), FROM_ONE, Refusal.OTHER_RUN);
      assertRefused(
          target,
          new GroupIdentity(LoopbackGroup.IDENTITY.runId(), 1, "a secret that is not ours"),
          FROM_ONE,
          Refusal.WRONG_SECRET);
      assertRefused(
          target,
          LoopbackGroup.IDENTITY,
          new LinkHello(LinkKind.RING, 1, 0, 3),
          Refusal.UNEXPECTED_PEER);
      assertThat(silent.isConnected()).isTrue();
      try (Collective one = join(endpoints, 1, addresses);
          Collective first = zero.get()) {
        Future<double[]> sum = threads.submit(() -> first.allReduceSum(new double[] {1}));
        assertThat(one.allReduceSum(new double[] {2})).containsExactly(3);
        assertThat(sum.get()).containsExactly(3);
      }
    }
  }

  private static void assertRefused(
      HostPort target, GroupIdentity identity, LinkHello hello, Refusal refusal) {
    Deadline deadline = Deadline.after(Duration.ofSeconds(10));
    assertThatThrownBy(() -> new LinkConnector(identity).connect(target, hello, deadline))
        .isInstanceOf(LinkRefusedException.class)
        .hasMessageContaining("refused rank 1 of attempt " + identity.attempt())
        .hasMessageEndingWith(refusal.text());
  }

  @Test
  void aRankOfAnOlderAttemptFailsAtOnceAndTheNewerGroupJoins() throws Exception {
    List<TcpEndpoint> endpoints = LoopbackGroup.endpoints(2);
    List<String> addresses = LoopbackGroup.addresses(endpoints);
    Future<Collective> zero = threads.submit(() -> join(endpoints, 0, addresses));
    TcpEndpoint stale = TcpEndpoint.listen("127.0.0.1", 0, 0);
    List<String> staleAddresses = List.of(addresses.get(0), stale.address());
    GroupIdentity older = LoopbackGroup.IDENTITY.withAttempt(0);
    assertThatThrownBy(
            () -> TcpCollective.join(stale, staleAddresses, 1, older, LoopbackGroup.PATIENT))
        .isInstanceOf(CollectiveException.class)
        .hasMessageContaining("Rank 1 cannot join the group: rank 0 at")
        .hasMessageEndingWith("attempt 0: it belongs to another attempt of the run");
    try (Collective one = join(endpoints, 1, addresses);
        Collective first = zero.get()) {
      assertThat(one.worldSize()).isEqualTo(first.worldSize());
    }
  }

  @Test
  void missingRanksAreNamed() {
    List<TcpEndpoint> endpoints = LoopbackGroup.endpoints(2);
    List<String> addresses = LoopbackGroup.addresses(endpoints);
    TcpTimeouts hasty = new TcpTimeouts(Duration.ofMillis(300), Duration.ofSeconds(5));
    assertThatThrownBy(
            () -> TcpCollective.join(endpoints.get(0), addresses, 0, LoopbackGroup.IDENTITY, hasty))
        .isInstanceOf(CollectiveException.class)
        .hasMessageContaining("Rank 0 cannot join the group")
        .hasMessageContaining("rank 1");
    endpoints.get(1).close();
  }

  @Test
  void oneRankNeedsNoSocket() {
    TcpEndpoint endpoint = TcpEndpoint.listen("127.0.0.1", 0, 0);
    List<String> alone = List.of(endpoint.address());
    try (Collective group =
        TcpCollective.join(endpoint, alone, 0, LoopbackGroup.IDENTITY, LoopbackGroup.PATIENT)) {
      assertThat(group.allReduceSum(new double[] {4})).containsExactly(4);
    }
  }

  @Test
  void ranksJoinOverIpv6() throws Exception {
    Assumptions.assumeTrue(
        NetworkInterface.networkInterfaces()
            .flatMap(NetworkInterface::inetAddresses)
            .anyMatch(address -> address instanceof Inet6Address && address.isLoopbackAddress()),
        "this host has no IPv6 loopback");
    List<TcpEndpoint> endpoints =
        List.of(TcpEndpoint.listen("::1", 0, 0), TcpEndpoint.listen("::1", 0, 0));
    assertThat(endpoints.get(0).address()).matches("\\[.*:1]:[0-9]+");
    for (Collective member : LoopbackGroup.join(endpoints, LoopbackGroup.PATIENT)) {
      member.close();
    }
  }

  @Test
  void aTakenPortNamesTheKey() {
    try (TcpEndpoint first = TcpEndpoint.listen("127.0.0.1", 0, 0)) {
      int port = HostPort.parse(first.address()).port();
      assertThatThrownBy(() -> TcpEndpoint.listen("127.0.0.1", port, port))
          .isInstanceOf(ConfigException.class)
          .hasMessage(
              "Cannot listen on 127.0.0.1, port "
                  + port
                  + ": Address already in use (set distributed.port to a free port)");
    }
  }

  @Test
  void aRangeSkipsTakenPorts() {
    try (TcpEndpoint first = TcpEndpoint.listen("127.0.0.1", 0, 0)) {
      int port = HostPort.parse(first.address()).port();
      try (TcpEndpoint second =
          TcpEndpoint.listen("127.0.0.1", port, Math.min(port + 50, 65_535))) {
        assertThat(HostPort.parse(second.address()).port()).isGreaterThan(port);
      }
    }
  }

  @Test
  void refusesPlacesNobodyReaches() {
    assertThatThrownBy(() -> TcpEndpoint.listen("0.0.0.0", 0, 0))
        .isInstanceOf(ConfigException.class)
        .hasMessage("Cannot listen on '0.0.0.0': must be one address that the other ranks reach");
    assertThatThrownBy(() -> TcpEndpoint.listen("127.0.0.1", 9, 8))
        .isInstanceOf(ConfigException.class)
        .hasMessage("Invalid distributed.port: 9-8 (must be 0, a port, or a range within 1-65535)");
    assertThatThrownBy(() -> TcpEndpoint.listen("no such host", 0, 0))
        .isInstanceOf(ConfigException.class)
        .hasMessage("Cannot listen on 'no such host': unknown host");
  }

  private static Collective join(List<TcpEndpoint> endpoints, int rank, List<String> addresses) {
    return TcpCollective.join(
        endpoints.get(rank), addresses, rank, LoopbackGroup.IDENTITY, LoopbackGroup.PATIENT);
  }
}
