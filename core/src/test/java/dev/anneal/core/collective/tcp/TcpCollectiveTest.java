package dev.anneal.core.collective.tcp;

import dev.anneal.core.collective.Collective;
import dev.anneal.core.collective.ControlCollectiveContract;
import java.time.Duration;
import java.util.List;

class TcpCollectiveTest extends ControlCollectiveContract {
  @Override
  protected List<Collective> open(int worldSize, Duration patience) throws Exception {
    TcpTimeouts timeouts =
        new TcpTimeouts(Duration.ofSeconds(20), patience, patience.multipliedBy(2));
    return LoopbackGroup.join(LoopbackGroup.endpoints(worldSize), timeouts);
  }
}
