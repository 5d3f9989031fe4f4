package dev.anneal.data.tokenize;

/** A tokenizer that an engine in Java does not take; the message says why, for reports. */
public final class UnsupportedTokenizerException extends Exception {
  private static final long serialVersionUID = 1;

  public UnsupportedTokenizerException(String reason) {
    super(reason);
  }

  /** Throws when the condition holds. */
  public static void when(boolean unsupported, String reason) throws UnsupportedTokenizerException {
    if (unsupported) {
      throw new UnsupportedTokenizerException(reason);
    }
  }
}
