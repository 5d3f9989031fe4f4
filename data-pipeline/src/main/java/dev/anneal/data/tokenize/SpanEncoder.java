package dev.anneal.data.tokenize;

import java.util.Optional;

/** A {@link Utf8Encoder} that also knows what each token covers. Confined to one thread. */
public interface SpanEncoder extends Utf8Encoder {
  /**
   * Ids with offsets, as {@link Tokenizer#encodeWithOffsets}; empty where only the native library
   * is sure of the offsets of this text.
   *
   * @param text without halves of surrogate pairs
   */
  Optional<EncodedText> encodeWithOffsets(String text);
}
