package dev.anneal.core.collective.nccl;

import static org.assertj.core.api.Assertions.assertThat;

import dev.anneal.core.collective.Collective;
import dev.anneal.core.collective.CollectiveContract;
import dev.anneal.core.collective.ControlCollective;
import dev.anneal.core.collective.tcp.TcpCollective;
import dev.anneal.core.collective.tcp.TcpEndpoint;
import dev.anneal.core.collective.tcp.TcpTimeouts;
import dev.anneal.core.net.GroupIdentity;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;

/** The contract over the test library, with tcp as the control collective. */
class NcclCollectiveTest extends CollectiveContract {
  private static final GroupIdentity IDENTITY =
      new GroupIdentity("run-测试", 0, "0123456789abcdef-test");

  private final FakeNccl fake = FakeNccl.orSkip();

  @Override
  protected List<Collective> open(int worldSize, Duration patience) throws Exception {
    return List.copyOf(NcclGroups.open(fake, controls(worldSize), patience));
  }

  @AfterAll
  static void everythingIsClosed() {
    assertThat(FakeNccl.orSkip().live()).containsOnly(0);
  }

  private static List<ControlCollective> controls(int worldSize) throws Exception {
    List<TcpEndpoint> endpoints = new ArrayList<>();
    for (int rank = 0; rank < worldSize; rank++) {
      endpoints.add(TcpEndpoint.listen("127.0.0.1", 0, 0));
    }
    List<String> addresses = endpoints.stream().map(TcpEndpoint::address).toList();
    TcpTimeouts timeouts = new TcpTimeouts(Duration.ofSeconds(20), PATIENT);
    ExecutorService threads = Executors.newCachedThreadPool();
    try {
      List<Future<ControlCollective>> joins = new ArrayList<>();
      for (int i = 0; i < worldSize; i++) {
        int rank = i;
        joins.add(
            threads.submit(
                () -> {
                  TcpEndpoint mine = endpoints.get(rank);
                  return TcpCollective.join(mine, addresses, rank, IDENTITY, timeouts);
                }));
      }
      List<ControlCollective> controls = new ArrayList<>();
      for (Future<ControlCollective> join : joins) {
        controls.add(join.get());
      }
      return controls;
    } finally {
      threads.shutdown();
    }
  }
}
