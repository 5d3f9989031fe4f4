package dev.anneal.core.collective.nccl;

import dev.anneal.core.collective.ControlCollective;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Groups of NCCL ranks over the test library: rank r has card r. */
final class NcclGroups {
  private NcclGroups() {}

  static List<NcclCollective> open(
      FakeNccl fake, List<ControlCollective> controls, Duration patience) throws Exception {
    NcclTimeouts timeouts = new NcclTimeouts(Duration.ofSeconds(20), patience);
    ExecutorService threads = Executors.newCachedThreadPool();
    try {
      List<Callable<NcclCollective>> opens = new ArrayList<>();
      for (ControlCollective control : controls) {
        opens.add(() -> NcclCollective.open(control, fake.card(control.rank()), timeouts));
      }
      List<NcclCollective> group = new ArrayList<>();
      for (Future<NcclCollective> future : threads.invokeAll(opens)) {
        group.add(future.get());
      }
      return group;
    } finally {
      threads.shutdown();
    }
  }
}
