package dev.anneal.core.data;

/** A row that cannot be trained on; the message names folder, file, row and the offending value. */
public final class InvalidRowException extends RuntimeException {
  public InvalidRowException(String message) {
    super(message);
  }

  public InvalidRowException(String message, Throwable cause) {
    super(message, cause);
  }
}
