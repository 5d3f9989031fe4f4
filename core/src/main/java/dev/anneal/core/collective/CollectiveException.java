package dev.anneal.core.collective;

/** A collective could not complete: a peer died, timed out, aborted, or spoke another attempt. */
public final class CollectiveException extends RuntimeException {
  public CollectiveException(String message) {
    super(message);
  }

  public CollectiveException(String message, Throwable cause) {
    super(message, cause);
  }
}
