package dev.anneal.core.control;

import java.util.List;

/**
 * Which rank failed first, and what followed. Immutable.
 *
 * @param stackTrace the rank's, or empty when it vanished
 * @param consequences one line for each other rank that failed
 */
public record FailureReport(
    int rank, String message, String stackTrace, List<String> consequences) {
  public FailureReport {
    consequences = List.copyOf(consequences);
  }

  /** {@code Rank 2 failed first: reason}, then the others. */
  public String text() {
    StringBuilder text = new StringBuilder("Rank " + rank + " failed first: " + message);
    for (String line : consequences) {
      text.append("\n  then ").append(line);
    }
    return text.toString();
  }
}
