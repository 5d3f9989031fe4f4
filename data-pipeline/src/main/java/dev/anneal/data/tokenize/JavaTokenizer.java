package dev.anneal.data.tokenize;

import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * A tokenizer that encodes in Java and leaves the rest to the native library: decoding, and offsets
 * of texts that normalization changes. Thread-safe: encoders, which are not, are lent to one call
 * at a time. Owns the native tokenizer.
 */
public final class JavaTokenizer implements Tokenizer {
  private final JavaEncoder encoder;
  private final NativeTokenizer library;
  private final Queue<SpanEncoder> idle = new ConcurrentLinkedQueue<>();
  private volatile boolean closed;

  public JavaTokenizer(JavaEncoder encoder, NativeTokenizer library) {
    this.encoder = encoder;
    this.library = library;
  }

  @Override
  public int[] encode(String text) {
    requireOpen();
    WholeCharacters.require(text);
    SpanEncoder lent = lend();
    int[] ids = IdList.of(lent, text);
    idle.add(lent);
    return ids;
  }

  @Override
  public EncodedText encodeWithOffsets(String text) {
    requireOpen();
    WholeCharacters.require(text);
    SpanEncoder lent = lend();
    Optional<EncodedText> encoded = lent.encodeWithOffsets(text);
    idle.add(lent);
    return encoded.orElseGet(() -> library.encodeWithOffsets(text));
  }

  @Override
  public Utf8Encoder utf8Encoder() {
    requireOpen();
    SpanEncoder own = encoder.newEncoder();
    return (utf8, start, end, ids) -> {
      requireOpen();
      own.encode(utf8, start, end, ids);
    };
  }

  @Override
  public TokenizerEngine engine() {
    return new TokenizerEngine(encoder.kind(), "");
  }

  @Override
  public String decode(int[] ids) {
    return library.decode(ids);
  }

  @Override
  public String decodeSkippingSpecial(int[] ids) {
    return library.decodeSkippingSpecial(ids);
  }

  @Override
  public int vocabularySize() {
    return library.vocabularySize();
  }

  @Override
  public Optional<Integer> tokenId(String token) {
    return library.tokenId(token);
  }

  @Override
  public boolean isSpecial(int id) {
    return library.isSpecial(id);
  }

  @Override
  public List<Integer> documentPrefix() {
    return library.documentPrefix();
  }

  @Override
  public List<Integer> documentSuffix() {
    return library.documentSuffix();
  }

  @Override
  public void close() {
    closed = true;
    idle.clear();
    library.close();
  }

  private SpanEncoder lend() {
    SpanEncoder lent = idle.poll();
    return lent == null ? encoder.newEncoder() : lent;
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("Cannot use the tokenizer: it is closed");
    }
  }
}
