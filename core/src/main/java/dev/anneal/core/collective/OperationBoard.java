package dev.anneal.core.collective;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Which operation every rank entered last, and whether they agree. Thread-safe. */
public final class OperationBoard {
  private final Operation[] latest;
  private final boolean[] left;
  private final Map<Long, Entry> open = new HashMap<>();
  private long lastComplete = System.nanoTime();

  /** The first to enter an operation, and how many have. */
  private record Entry(int rank, Operation operation, int entered) {}

  /** A board that no rank has written on. */
  public OperationBoard(int worldSize) {
    this.latest = new Operation[worldSize];
    this.left = new boolean[worldSize];
  }

  /** Notes that a rank entered an operation; returns what is wrong with it, if anything. */
  public synchronized Optional<String> enter(int rank, Operation operation) {
    latest[rank] = operation;
    Entry entry = open.get(operation.sequence());
    if (entry != null && !entry.operation().equals(operation)) {
      return Optional.of(Operation.outOfStep(entry.rank(), entry.operation(), rank, operation));
    }
    int entered = entry == null ? 1 : entry.entered() + 1;
    if (entered == latest.length) {
      open.remove(operation.sequence());
      lastComplete = System.nanoTime();
    } else {
      int first = entry == null ? rank : entry.rank();
      open.put(operation.sequence(), new Entry(first, operation, entered));
    }
    return missing();
  }

  /** Notes that a rank closed in good order; returns who still needs it, if anyone. */
  public synchronized Optional<String> leave(int rank) {
    left[rank] = true;
    return missing();
  }

  /** What a rank was in last, for messages. */
  public synchronized String lastSeen(int rank) {
    return latest[rank] == null ? "before its first operation" : "in " + latest[rank].describe();
  }

  /** Ranks that have not come as far as an operation, for messages; empty when all have. */
  public synchronized String behind(Operation operation) {
    StringBuilder text = new StringBuilder();
    for (int rank = 0; rank < latest.length; rank++) {
      if (sequence(rank) < operation.sequence()) {
        text.append("; not there: rank ").append(rank).append(", last seen ");
        text.append(lastSeen(rank));
      }
    }
    return text.toString();
  }

  /** Whether no operation has got its last rank for that long. */
  public synchronized boolean quietFor(Duration time) {
    return System.nanoTime() - lastComplete >= time.toNanos();
  }

  private Optional<String> missing() {
    for (int gone = 0; gone < latest.length; gone++) {
      if (left[gone]) {
        for (int rank = 0; rank < latest.length; rank++) {
          if (sequence(rank) > sequence(gone)) {
            return Optional.of(
                "rank " + gone + " has left the group, rank " + rank + " is " + lastSeen(rank));
          }
        }
      }
    }
    return Optional.empty();
  }

  private long sequence(int rank) {
    return latest[rank] == null ? 0 : latest[rank].sequence();
  }
}
