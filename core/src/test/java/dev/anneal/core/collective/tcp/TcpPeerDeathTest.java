package dev.anneal.core.collective.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.collective.Collective;
import dev.anneal.core.collective.CollectiveException;
import dev.anneal.core.collective.NativeFloats;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A rank in another process is killed while the others wait for it. */
@Timeout(60)
class TcpPeerDeathTest {
  private final ExecutorService threads = Executors.newCachedThreadPool();

  @AfterEach
  void stop() {
    threads.shutdownNow();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2})
  void aKilledRankIsNamedByEveryOther(int victim) throws Exception {
    try (RankProcess process = RankProcess.start(victim)) {
      List<TcpEndpoint> endpoints = LoopbackGroup.endpoints(3);
      List<String> addresses = new ArrayList<>(LoopbackGroup.addresses(endpoints));
      addresses.set(victim, process.readLine());
      process.tell(addresses);
      List<Future<Collective>> joins = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        if (i != victim) {
          int rank = i;
          joins.add(threads.submit(() -> join(endpoints.get(rank), addresses, rank)));
        }
      }
      List<Future<?>> blocked = new ArrayList<>();
      for (Future<Collective> join : joins) {
        Collective member = join.get(20, TimeUnit.SECONDS);
        blocked.add(threads.submit(() -> sumTwice(member)));
      }
      assertThat(process.readLine()).isEqualTo("summed");
      process.kill();
      for (Future<?> future : blocked) {
        assertThatThrownBy(() -> future.get(10, TimeUnit.SECONDS))
            .hasCauseInstanceOf(CollectiveException.class)
            .hasStackTraceContaining("rank " + victim + " closed its connection");
      }
    }
  }

  private static Collective join(TcpEndpoint endpoint, List<String> addresses, int rank) {
    return TcpCollective.join(
        endpoint, addresses, rank, LoopbackGroup.IDENTITY, LoopbackGroup.PATIENT);
  }

  private static void sumTwice(Collective member) {
    try (member) {
      NativeFloats values = NativeFloats.of(1, 2, 3);
      member.allReduceSum(values.region());
      assertThat(values.values()).containsExactly(3, 6, 9);
      new NativeFloats(1_000_000).use(member::allReduceSum);
    }
  }
}
