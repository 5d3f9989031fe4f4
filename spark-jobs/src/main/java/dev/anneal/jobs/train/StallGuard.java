package dev.anneal.jobs.train;

import dev.anneal.core.control.ControlMessage;
import dev.anneal.core.control.ControlServer;
import dev.anneal.core.control.Periodic;
import dev.anneal.core.control.Watchdog;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Looks at the watchdog every few seconds and stops ranks that make no progress. */
final class StallGuard implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(StallGuard.class);
  private static final Duration PERIOD = Duration.ofSeconds(5);

  private final Periodic looks;

  private StallGuard(Periodic looks) {
    this.looks = looks;
  }

  static StallGuard start(Watchdog watchdog, ControlServer server) {
    Runnable look = () -> watchdog.complaint().ifPresent(reason -> stop(server, reason));
    return new StallGuard(Periodic.start("anneal-stall-guard", PERIOD, look));
  }

  private static void stop(ControlServer server, String reason) {
    LOG.error("stalled: {}", reason);
    server.stop(new ControlMessage.Stop(ControlMessage.Stop.When.NOW, reason));
  }

  @Override
  public void close() {
    looks.close();
  }
}
