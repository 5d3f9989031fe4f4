package dev.anneal.core.control;

/** The driver refused a request, did not answer in time, or is gone. */
public final class ControlException extends RuntimeException {
  public ControlException(String message) {
    super(message);
  }

  public ControlException(String message, Throwable cause) {
    super(message, cause);
  }
}
