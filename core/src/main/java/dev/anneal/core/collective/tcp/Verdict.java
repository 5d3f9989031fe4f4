package dev.anneal.core.collective.tcp;

import dev.anneal.core.collective.CollectiveException;
import dev.anneal.core.collective.GroupFailure;
import dev.anneal.core.collective.Operation;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.concurrent.TimeoutException;

/** Turns what a rank saw fail into what the group found to be the reason. Thread-safe. */
final class Verdict {
  /** A peer that is gone is soon missed by the star too, which knows more about it. */
  private static final Duration SECOND_SIGHT = Duration.ofSeconds(1);

  private final int rank;
  private final Star star;
  private final GroupHealth health;

  Verdict(int rank, Star star, GroupHealth health) {
    this.rank = rank;
    this.star = star;
    this.health = health;
  }

  /** Tells the group and returns what the group found to be the reason. */
  CollectiveException failed(Operation operation, Exception cause) {
    if (cause instanceof LinkBrokenException) {
      health.awaitFailure(SECOND_SIGHT);
    }
    String place = place(operation);
    if (health.failure().isEmpty()) {
      if (cause instanceof TimeoutException) {
        star.report(place + " waited in vain " + cause.getMessage());
      } else if (cause instanceof InterruptedException || cause instanceof InterruptedIOException) {
        star.report(place + " was interrupted");
      } else if (cause instanceof LinkBrokenException) {
        star.report(cause.getMessage() + ", noticed by " + place);
      } else {
        star.report(place + " failed: " + cause.getMessage());
      }
    }
    GroupFailure found =
        health.failure().orElseGet(() -> GroupFailure.passing(String.valueOf(cause.getMessage())));
    return new CollectiveException(found, cause);
  }

  /** As above, of what another transport saw. */
  GroupFailure report(String reason) {
    health.awaitFailure(SECOND_SIGHT);
    if (health.failure().isEmpty()) {
      star.report(reason);
    }
    return health.failure().orElseGet(() -> GroupFailure.passing(reason));
  }

  /** For messages: {@code rank 1 in allReduceSum (operation 3, 10 values)}. */
  String place(Operation operation) {
    return "rank " + rank + " in " + operation.describe();
  }
}
