package dev.anneal.core.run;

/**
 * Training cannot go on although data, settings and machines are fine: a loss that is not finite,
 * for example. The message names the step and the keys to change.
 */
public final class TrainingFailedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public TrainingFailedException(String message) {
    super(message);
  }

  public TrainingFailedException(String message, Throwable cause) {
    super(message, cause);
  }
}
