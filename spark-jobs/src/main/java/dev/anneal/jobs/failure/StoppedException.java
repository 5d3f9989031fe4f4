package dev.anneal.jobs.failure;

/** The job was asked to end from outside; the message says what it left. */
public final class StoppedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public StoppedException(String message) {
    super(message);
  }
}
