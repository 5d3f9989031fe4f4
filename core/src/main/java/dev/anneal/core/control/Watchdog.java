package dev.anneal.core.control;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Tells what hangs: nothing scheduled, ranks that do not join, ranks without progress. Ranks wait
 * for each other, so that one that hangs soon halts all: while any of them gets on, all is well.
 * Asked from time to time; starts no thread. Thread-safe.
 */
public final class Watchdog {
  private final Clock clock;
  private final int worldSize;
  private final WatchdogLimits limits;
  private final Map<Integer, Sign> signs = new TreeMap<>();
  private final Set<Integer> finished = new TreeSet<>();
  private Instant started;
  private Instant firstJoined;

  /** The last sign of progress of a rank. */
  private record Sign(long step, String phase, Instant since) {}

  public Watchdog(Clock clock, int worldSize, WatchdogLimits limits) {
    if (worldSize < 1) {
      throw new IllegalArgumentException("Invalid world size: " + worldSize + " (must be >= 1)");
    }
    this.clock = clock;
    this.worldSize = worldSize;
    this.limits = limits;
    this.started = clock.instant();
    this.firstJoined = started;
  }

  /** Begins anew, for a new attempt. */
  public synchronized void restart() {
    signs.clear();
    finished.clear();
    started = clock.instant();
  }

  public synchronized void joined(int rank) {
    if (signs.isEmpty()) {
      firstJoined = clock.instant();
    }
    signs.put(rank, new Sign(0, "join", clock.instant()));
  }

  /** A rank has got on, and where it is. */
  public synchronized void progressed(int rank, long step, String phase) {
    signs.put(rank, new Sign(step, phase, clock.instant()));
  }

  /** A rank needs no more watching. */
  public synchronized void finished(int rank) {
    finished.add(rank);
  }

  /** What has taken too long, in words for the user; empty while all is well. */
  public synchronized Optional<String> complaint() {
    if (signs.isEmpty()) {
      return notScheduled();
    }
    if (signs.size() < worldSize) {
      return notJoined();
    }
    return noProgress();
  }

  private Optional<String> notScheduled() {
    if (!over(started, limits.schedule())) {
      return Optional.empty();
    }
    return Optional.of(
        "No rank has started within "
            + seconds(limits.schedule())
            + " (are "
            + worldSize
            + " slots free at once? see distributed.world_size,"
            + " distributed.schedule_timeout_seconds)");
  }

  private Optional<String> notJoined() {
    if (!over(firstJoined, limits.join())) {
      return Optional.empty();
    }
    Set<Integer> missing = new TreeSet<>();
    for (int rank = 0; rank < worldSize; rank++) {
      if (!signs.containsKey(rank)) {
        missing.add(rank);
      }
    }
    return Optional.of(
        "Ranks "
            + missing
            + " of "
            + worldSize
            + " have not joined within "
            + seconds(limits.join())
            + " of the first (see distributed.join_timeout_seconds)");
  }

  private Optional<String> noProgress() {
    List<Integer> slowestFirst = new ArrayList<>(signs.keySet());
    slowestFirst.removeAll(finished);
    slowestFirst.sort(Comparator.comparing(rank -> signs.get(rank).since()));
    boolean allStand =
        slowestFirst.stream().allMatch(rank -> over(signs.get(rank).since(), limits.progress()));
    return allStand ? slowestFirst.stream().findFirst().map(this::stuck) : Optional.empty();
  }

  private String stuck(int rank) {
    Sign sign = signs.get(rank);
    return "No progress: rank "
        + rank
        + " has given no sign of it for "
        + seconds(Duration.between(sign.since(), clock.instant()))
        + ", in phase '"
        + sign.phase()
        + "' of step "
        + sign.step()
        + " (see distributed.progress_timeout_seconds)";
  }

  private boolean over(Instant since, Duration limit) {
    return Duration.between(since, clock.instant()).compareTo(limit) > 0;
  }

  private static String seconds(Duration duration) {
    return duration.toSeconds() + " s";
  }
}
