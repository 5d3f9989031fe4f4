package dev.anneal.jobs.tokenize.tally;

/** Shares the time of one thread out among phases. Confined to that thread. */
public final class PhaseClock {
  private final long[] nanos = new long[Phase.values().length];
  private long last = System.nanoTime();

  /** Counts the time since the last call to a phase. */
  public void lap(Phase phase) {
    long now = System.nanoTime();
    nanos[phase.ordinal()] += now - last;
    last = now;
  }

  /** Nanoseconds by the order of the phases. */
  long[] nanos() {
    return nanos.clone();
  }
}
