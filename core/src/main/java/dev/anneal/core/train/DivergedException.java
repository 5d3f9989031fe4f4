package dev.anneal.core.train;

/** Training cannot go on: the loss or the gradient is no longer a number. Every rank sees it. */
public final class DivergedException extends RuntimeException {
  public DivergedException(String message) {
    super(message);
  }
}
