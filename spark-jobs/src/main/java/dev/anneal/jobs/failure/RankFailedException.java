package dev.anneal.jobs.failure;

/** A rank failed for a reason of its own; the message names rank and host and that reason. */
public final class RankFailedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final ExitCode code;

  public RankFailedException(ExitCode code, String message) {
    super(message);
    this.code = code;
  }

  public ExitCode code() {
    return code;
  }
}
