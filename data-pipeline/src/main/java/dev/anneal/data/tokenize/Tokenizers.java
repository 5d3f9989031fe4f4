package dev.anneal.data.tokenize;

/** Opens the tokenizer of a folder with the fastest engine that gives its ids. Stateless. */
public final class Tokenizers {
  private Tokenizers() {}

  /** Opens a folder's tokenizer; special-token strings in texts match. */
  public static Tokenizer open(TokenizerFolder folder) {
    return open(folder, SpecialTokens.MATCHED);
  }

  /** Opens a folder's tokenizer. The caller closes it. */
  public static Tokenizer open(TokenizerFolder folder, SpecialTokens specialTokens) {
    return NativeTokenizer.open(folder, specialTokens);
  }
}
