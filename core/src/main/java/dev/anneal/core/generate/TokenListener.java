package dev.anneal.core.generate;

/** Hears of each token as it is chosen, on the thread that generates. */
@FunctionalInterface
public interface TokenListener {
  /** Hears nothing. */
  TokenListener NONE = (sequence, id) -> {};

  /**
   * One more token.
   *
   * @param sequence the place of its prompt in the list
   */
  void next(int sequence, int id);
}
