package dev.anneal.data.tokenize;

/** What a tokenizer does with the spelling of a special token inside a text. */
public enum SpecialTokens {
  /** {@code <|im_end|>} in a text is the special token, as in Hugging Face by default. */
  MATCHED,
  /** {@code <|im_end|>} in a text is ordinary text ({@code split_special_tokens}). */
  SPLIT
}
