package dev.anneal.core.run;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.Redaction;
import dev.anneal.core.io.FileStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.NoSuchFileException;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a second driver out of an output folder. The lock is a file that says who holds it, and
 * that its holder rewrites every minute. It is taken over when its process on this host is gone, or
 * when it was not rewritten for five minutes. Closing it gives the folder back. Thread-safe.
 *
 * <p>A holder that slept over its lock is fenced: what it changes by {@link #guard} is refused once
 * the file names another holder, or none. The look at the lock and the change are two operations,
 * and the stores that we write to have no write on a condition. So a holder that stops just between
 * the two, for longer than the lease, still makes that one change when it wakes; and one that stops
 * between looking and renewing overwrites its successor's claim, whereupon the successor finds
 * itself fenced. In no order do both go on.
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
  private final String folder;
  private Optional<RunLockLostException> lost = Optional.empty();
  private boolean released;
  private Consumer<RunLockLostException> onLost = loss -> {};

  private RunLock(FileStore store, String folder, Clock clock, LockHolder holder) {
    this.store = store;
    this.folder = folder;
    this.path = FileStore.join(folder, FILE);
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
      LOG.warn("run_lock path={} event=taken_over", Redaction.text(path));
      store.writeBytes(path, claim);
    }
    Optional<LockHolder.Claim> own = read(store, path);
    if (own.isEmpty() || !own.get().holder().token().equals(self.token())) {
      throw new ConfigException(
          "Cannot start in " + folder + ": another run took it at the same time (" + key + ")");
    }
    return new RunLock(store, folder, clock, self);
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

  /**
   * A store whose changes fail once another process has taken the folder over: with it the holder
   * commits. It asks before every change, as late as the store allows.
   *
   * @param target where the changes go; need not be the store of the lock
   */
  public FileStore guard(FileStore target) {
    return new FencedStore(target, this::requireHeld);
  }

  /**
   * Looks whether the folder is still this holder's. Once lost, it stays lost; once given back, it
   * counts as held to the end.
   *
   * @throws RunLockLostException when another process took it over
   */
  public void requireHeld() {
    Optional<RunLockLostException> loss = look();
    if (loss.isPresent()) {
      throw loss.get();
    }
  }

  /** What to do once, when the loss is noticed, on whatever thread; at once if it was already. */
  public void onLost(Consumer<RunLockLostException> action) {
    Optional<RunLockLostException> present;
    synchronized (this) {
      onLost = action;
      present = lost;
    }
    present.ifPresent(action);
  }

  private Optional<RunLockLostException> look() {
    Consumer<RunLockLostException> action;
    RunLockLostException loss;
    synchronized (this) {
      if (lost.isPresent() || released) {
        return lost;
      }
      Optional<LockHolder.Claim> found = claim();
      if (found.filter(claim -> claim.holder().token().equals(holder.token())).isPresent()) {
        return Optional.empty();
      }
      loss = new RunLockLostException(taken(found));
      lost = Optional.of(loss);
      action = onLost;
    }
    String reason = Redaction.text(loss.getMessage());
    LOG.error("run_lock path={} event=lost reason=\"{}\"", Redaction.text(path), reason);
    action.accept(loss);
    return Optional.of(loss);
  }

  private Optional<LockHolder.Claim> claim() {
    try {
      return read(store, path);
    } catch (IOException e) {
      throw new UncheckedIOException(
          new IOException("Cannot commit to " + folder + ": no look at its lock: " + e, e));
    }
  }

  private String taken(Optional<LockHolder.Claim> by) {
    return "Cannot commit to "
        + folder
        + ": "
        + by.map(LockHolder.Claim::holder)
            .map(other -> "process " + other.pid() + " on " + other.host() + " holds " + path)
            .orElse(path + " was removed, so that another run may have been here")
        + " (a driver that is silent for "
        + STALE.toMinutes()
        + " minutes loses its folder; this one ends and leaves the folder as it is)";
  }

  private void renew() {
    try {
      if (look().isEmpty()) {
        synchronized (this) { // who looks must not see the file between its old and its new form
          store.writeBytes(path, holder.toJson(clock.instant()));
        }
      }
    } catch (IOException | RuntimeException e) {
      // Thrown on, it would end the renewals.
      String reason = Redaction.text(String.valueOf(e.getMessage()));
      LOG.warn("run_lock path={} event=not_renewed reason=\"{}\"", Redaction.text(path), reason);
    }
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
    if (look().isEmpty()) {
      synchronized (this) {
        released = true;
      }
      store.delete(path);
    }
  }
}
