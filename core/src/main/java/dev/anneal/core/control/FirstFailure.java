package dev.anneal.core.control;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Finds the failure that caused the others: the earliest error or loss that is no consequence of
 * another rank's; only when there is none, the earliest at all. Thread-safe.
 */
public final class FirstFailure {
  private final List<ControlMessage.Failed> failures = new ArrayList<>();

  /** A rank said why it ends. */
  public synchronized void failed(ControlMessage.Failed failure) {
    if (failures.stream().noneMatch(earlier -> earlier.rank() == failure.rank())) {
      failures.add(failure);
    }
  }

  /** A rank's connection broke; says nothing new about a rank that has already failed. */
  public void lost(int rank, String reason) {
    failed(new ControlMessage.Failed(rank, "its process is gone (" + reason + ")", "", false));
  }

  /** Forgets everything, for a new attempt. */
  public synchronized void restart() {
    failures.clear();
  }

  /** What is known now; empty while no rank has failed. */
  public synchronized Optional<FailureReport> report() {
    if (failures.isEmpty()) {
      return Optional.empty();
    }
    ControlMessage.Failed first =
        failures.stream()
            .filter(failure -> !failure.consequence())
            .findFirst()
            .orElse(failures.get(0));
    List<String> others = new ArrayList<>();
    for (ControlMessage.Failed failure : failures) {
      if (failure != first) {
        others.add("rank " + failure.rank() + ": " + failure.message());
      }
    }
    return Optional.of(
        new FailureReport(first.rank(), first.message(), first.stackTrace(), others));
  }
}
