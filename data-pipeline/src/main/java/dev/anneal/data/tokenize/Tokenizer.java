package dev.anneal.data.tokenize;

import java.util.List;
import java.util.Optional;

/**
 * Turns text into token ids and back, with the ids that the Hugging Face tokenizer of the same
 * {@code tokenizer.json} gives. Never truncates, never pads, never adds a token by itself.
 *
 * <p>Implementations are thread-safe. They may own native memory, released by {@link #close}; a
 * call after it fails with {@link IllegalStateException}.
 */
public interface Tokenizer extends AutoCloseable {
  /**
   * The ids of a text, without added special tokens; empty for an empty text.
   *
   * @throws IllegalArgumentException when the text holds half of a surrogate pair
   */
  int[] encode(String text);

  /** As {@link #encode}, with the characters that each token covers. */
  EncodedText encodeWithOffsets(String text);

  /** A new encoder over this tokenizer for the calling thread. */
  Utf8Encoder utf8Encoder();

  /** What runs behind {@link #encode} and {@link #utf8Encoder}, and why. */
  TokenizerEngine engine();

  /** The text of ids, special tokens written out. */
  String decode(int[] ids);

  /** The text of ids, special tokens left out. */
  String decodeSkippingSpecial(int[] ids);

  /** One more than the largest id. */
  int vocabularySize();

  /** The id of a token as it is spelled in the vocabulary, for example {@code <|im_end|>}. */
  Optional<Integer> tokenId(String token);

  /** Whether an id is an added token marked special: a turn end, a padding token, ... */
  boolean isSpecial(int id);

  /** What the tokenizer's post-processor writes before a document, for example BOS. */
  List<Integer> documentPrefix();

  /** What the tokenizer's post-processor writes after a document; empty for nearly all models. */
  List<Integer> documentSuffix();

  @Override
  void close();
}
