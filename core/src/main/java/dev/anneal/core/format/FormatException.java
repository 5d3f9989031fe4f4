package dev.anneal.core.format;

import java.io.IOException;

/** A file that is not what its format demands; the message names the file and the tensor. */
public final class FormatException extends IOException {
  private static final long serialVersionUID = 1L;

  public FormatException(String message) {
    super(message);
  }

  public FormatException(String message, Throwable cause) {
    super(message, cause);
  }
}
