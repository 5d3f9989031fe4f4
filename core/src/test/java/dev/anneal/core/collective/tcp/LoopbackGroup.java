package dev.anneal.core.collective.tcp;

import dev.anneal.core.collective.Collective;
import dev.anneal.core.net.GroupIdentity;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Groups of tcp ranks on the loopback device, for tests. */
final class LoopbackGroup {
  static final String SECRET = "0123456789abcdef-test";
  static final GroupIdentity IDENTITY = new GroupIdentity("run-测试", 1, SECRET);
  static final TcpTimeouts PATIENT =
      new TcpTimeouts(Duration.ofSeconds(20), Duration.ofSeconds(30));

  private LoopbackGroup() {}

  static List<TcpEndpoint> endpoints(int worldSize) {
    List<TcpEndpoint> endpoints = new ArrayList<>();
    for (int rank = 0; rank < worldSize; rank++) {
      endpoints.add(TcpEndpoint.listen("127.0.0.1", 0, 0));
    }
    return endpoints;
  }

  static List<String> addresses(List<TcpEndpoint> endpoints) {
    return endpoints.stream().map(TcpEndpoint::address).toList();
  }

  static List<Collective> join(List<TcpEndpoint> endpoints, TcpTimeouts timeouts) throws Exception {
    List<String> addresses = addresses(endpoints);
    ExecutorService threads = Executors.newCachedThreadPool();
    try {
      List<Callable<Collective>> joins = new ArrayList<>();
      for (int i = 0; i < endpoints.size(); i++) {
        int rank = i;
        joins.add(
            () -> TcpCollective.join(endpoints.get(rank), addresses, rank, IDENTITY, timeouts));
      }
      List<Collective> group = new ArrayList<>();
      for (Future<Collective> future : threads.invokeAll(joins)) {
        group.add(future.get());
      }
      return group;
    } finally {
      threads.shutdown();
    }
  }
}
