package dev.anneal.jobs.train;

import java.util.Optional;

/**
 * The first thing that went wrong on the driver while its ranks worked: a full disk under the
 * metrics, for example. It ends the ranks, which could not know of it, and then speaks for the run.
 * Thread-safe.
 */
final class DriverFault {
  private final Runnable endRanks;
  private Optional<RuntimeException> first = Optional.empty();

  /**
   * @param endRanks called once
   */
  DriverFault(Runnable endRanks) {
    this.endRanks = endRanks;
  }

  void raise(RuntimeException fault) {
    synchronized (this) {
      if (first.isPresent()) {
        return;
      }
      first = Optional.of(fault);
    }
    endRanks.run();
  }

  synchronized Optional<RuntimeException> first() {
    return first;
  }

  /** Throws the fault, if there is one. */
  void rethrow() {
    Optional<RuntimeException> fault = first();
    if (fault.isPresent()) {
      throw fault.get();
    }
  }

  /** The fault, if there is one, with what followed it; else what the ranks ended with. */
  RuntimeException causeOf(RuntimeException ranksEnd) {
    Optional<RuntimeException> fault = first();
    fault.ifPresent(cause -> cause.addSuppressed(ranksEnd));
    return fault.orElse(ranksEnd);
  }
}
