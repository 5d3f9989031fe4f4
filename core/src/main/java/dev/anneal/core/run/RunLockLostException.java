package dev.anneal.core.run;

/**
 * Another process has taken the output folder over: this one may commit nothing more there. What it
 * says is for the user.
 */
public final class RunLockLostException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  RunLockLostException(String message) {
    super(message);
  }
}
