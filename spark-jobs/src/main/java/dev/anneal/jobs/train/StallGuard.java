package dev.anneal.jobs.train;

import dev.anneal.core.control.ControlMessage;
import dev.anneal.core.control.ControlServer;
import dev.anneal.core.control.Watchdog;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Looks at the watchdog every few seconds and stops ranks that make no progress. */
final class StallGuard implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(StallGuard.class);
  private static final long PERIOD_SECONDS = 5;

  private final ScheduledExecutorService timer;
  private final ScheduledFuture<?> checks;

  private StallGuard(Watchdog watchdog, ControlServer server) {
    timer =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "anneal-stall-guard");
              thread.setDaemon(true);
              return thread;
            });
    checks =
        timer.scheduleAtFixedRate(
            () -> watchdog.complaint().ifPresent(reason -> stop(server, reason)),
            PERIOD_SECONDS,
            PERIOD_SECONDS,
            TimeUnit.SECONDS);
  }

  static StallGuard start(Watchdog watchdog, ControlServer server) {
    return new StallGuard(watchdog, server);
  }

  private static void stop(ControlServer server, String reason) {
    LOG.error("stalled: {}", reason);
    server.stop(new ControlMessage.Stop(ControlMessage.Stop.When.NOW, reason));
  }

  @Override
  public void close() {
    checks.cancel(false);
    timer.shutdownNow();
  }
}
