package dev.anneal.data.tokenize;

/**
 * One tokenizer's engine in Java: text to ids. Whoever opens tokenizers puts it behind a {@link
 * Tokenizer}, whose other half (decoding, offsets in doubt) is the native library's. Immutable and
 * thread-safe.
 */
public interface JavaEncoder {
  /** Which engine this is. */
  TokenizerEngine.Kind kind();

  /** A new encoder for the calling thread. */
  SpanEncoder newEncoder();
}
