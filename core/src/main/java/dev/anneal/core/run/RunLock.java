package dev.anneal.core.run;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.io.FileStore;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a second driver out of an output folder. The lock is a file that says who holds it, and
 * that its holder rewrites every minute. It is taken over when its process on this host is gone, or
 * when it was not rewritten for five minutes. Closing it gives the folder back. Thread-safe.
 */
public final class RunLock implements AutoCloseable {
  public static final String FILE = "run.lock";

  private static final Logger LOG = LoggerFactory.getLogger(RunLock.class);
  private static final Duration RENEWAL = Duration.ofMinutes(1);
  private static final Duration STALE = Duration.ofMinutes(5);

  private final FileStore store;
  private final String path;
  private final Clock clock;
  private final LockHolder holder;
  private final ScheduledExecutorService renewals;
  private final ScheduledFuture<?> renewal;

  private RunLock(FileStore store, String path, Clock clock, LockHolder holder) {
    this.store = store;
    this.path = path;
    this.clock = clock;
    this.holder = holder;
    this.renewals =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "run-lock");
              thread.setDaemon(true);
              return thread;
            });
    this.renewal =
        renewals.scheduleAtFixedRate(
            this::renew, RENEWAL.toSeconds(), RENEWAL.toSeconds(), TimeUnit.SECONDS);
  }

  /** Takes the folder of a training run, or says who has it. */
  public static RunLock acquire(FileStore store, String folder) throws IOException {
    return acquire(store, folder, "train.output_dir");
  }

  /** Takes the folder, or says who has it and which key names another folder. */
  public static RunLock acquire(FileStore store, String folder, String key) throws IOException {
    return acquire(store, folder, key, Clock.systemUTC(), LockHolder.ofThisProcess());
  }

  static RunLock acquire(FileStore store, String folder, Clock clock, LockHolder self)
      throws IOException {
    return acquire(store, folder, "train.output_dir", clock, self);
  }

  private static RunLock acquire(
      FileStore store, String folder, String key, Clock clock, LockHolder self) throws IOException {
    String path = FileStore.join(folder, FILE);
    byte[] claim = self.toJson(clock.instant());
    if (!store.createIfAbsent(path, claim)) {
      Optional<LockHolder.Claim> found = read(store, path);
      if (found.isPresent() && found.get().blocks(self, clock.instant().minus(STALE))) {
        throw new ConfigException(inUse(folder, path, key, found.get()));
      }
      LOG.warn("run_lock path={} event=taken_over", path);
      store.writeBytes(path, claim);
    }
    Optional<LockHolder.Claim> own = read(store, path);
    if (own.isEmpty() || !own.get().holder().token().equals(self.token())) {
      throw new ConfigException(
          "Cannot start in " + folder + ": another run took it at the same time (" + key + ")");
    }
    return new RunLock(store, path, clock, self);
  }

  private static String inUse(String folder, String path, String key, LockHolder.Claim claim) {
    return "Cannot start in "
        + folder
        + ": process "
        + claim.holder().pid()
        + " on "
        + claim.holder().host()
        + " is running in it, last seen "
        + claim.renewed()
        + " (choose another "
        + key
        + "; if that process is gone, delete "
        + path
        + ")";
  }

  /** Empty when the holder has just let go, or the file is not one of ours. */
  private static Optional<LockHolder.Claim> read(FileStore store, String path) throws IOException {
    try {
      return LockHolder.parse(store.readBytes(path));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  private void renew() {
    try {
      if (isOwn()) {
        store.writeBytes(path, holder.toJson(clock.instant()));
      } else {
        LOG.error("run_lock path={} event=lost reason=\"another process holds it\"", path);
      }
    } catch (IOException e) {
      LOG.warn("run_lock path={} event=not_renewed reason=\"{}\"", path, e.getMessage());
    }
  }

  private boolean isOwn() throws IOException {
    return read(store, path)
        .filter(claim -> claim.holder().token().equals(holder.token()))
        .isPresent();
  }

  @Override
  public void close() throws IOException {
    renewal.cancel(false);
    renewals.shutdown();
    try {
      renewals.awaitTermination(RENEWAL.toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (isOwn()) {
      store.delete(path);
    }
  }
}
