package dev.anneal.jobs.job;

import dev.anneal.core.run.RunLock;
import dev.anneal.core.run.RunLockLostException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How a job ends when its process is asked to, and whether its result may still be written.
 * Thread-safe.
 */
public final class Ending {
  private static final Logger LOG = LoggerFactory.getLogger(Ending.class);

  private final Runnable atOnce;
  private Optional<RunLock> lock = Optional.empty();
  private Optional<Finishing> finishing = Optional.empty();
  private boolean asked;

  /**
   * @param atOnce ends the process
   */
  public Ending(Runnable atOnce) {
    this.atOnce = atOnce;
  }

  /** The job writes into the folder of this lock: without it no result may be written. */
  public synchronized void commitsBy(RunLock held) {
    lock = Optional.of(held);
  }

  /** Whether no other process has taken the folder over, as far as can be seen. */
  public boolean mayRecord() {
    Optional<RunLock> held;
    synchronized (this) {
      held = lock;
    }
    try {
      held.ifPresent(RunLock::requireHeld);
      return true;
    } catch (RunLockLostException | UncheckedIOException e) {
      return false;
    }
  }

  /**
   * While this is open, the first request to end goes to the job, which ends by itself.
   *
   * @param begin makes the job end soon; false where it cannot, and is ended at once
   * @param grace after which it is ended all the same
   */
  public synchronized Finishing finishing(BooleanSupplier begin, Duration grace) {
    Finishing opened = new Finishing(begin, grace);
    finishing = Optional.of(opened);
    return opened;
  }

  /** The process is asked to end; false when that is to happen at once. */
  public boolean request() {
    Finishing open;
    synchronized (this) {
      if (asked || finishing.isEmpty()) {
        return false;
      }
      asked = true;
      open = finishing.get();
    }
    return open.begin();
  }

  /** A job that ends by itself when it is asked to. Owns a thread from then on. */
  public final class Finishing implements AutoCloseable {
    private final BooleanSupplier begin;
    private final Duration grace;
    private final ScheduledExecutorService timer =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "anneal-grace");
              thread.setDaemon(true);
              return thread;
            });

    private Finishing(BooleanSupplier begin, Duration grace) {
      this.begin = begin;
      this.grace = grace;
    }

    private boolean begin() {
      boolean begun = begin.getAsBoolean();
      if (begun) {
        LOG.warn("asked to end: finishing, for at most {} s", grace.toSeconds());
        timer.schedule(this::expire, grace.toMillis(), TimeUnit.MILLISECONDS);
      }
      return begun;
    }

    private void expire() {
      LOG.error("not finished within {} s: ending now", grace.toSeconds());
      atOnce.run();
    }

    @Override
    public void close() {
      synchronized (Ending.this) {
        finishing = Optional.empty();
      }
      timer.shutdownNow();
    }
  }
}
