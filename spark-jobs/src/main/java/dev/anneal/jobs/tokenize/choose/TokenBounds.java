package dev.anneal.jobs.tokenize.choose;

import dev.anneal.data.config.LengthFilterConfig;
import dev.anneal.data.tokenize.Utf8Encoder;
import dev.anneal.jobs.tokenizer.OpenTokenizers;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** Bounds on the ids of a text, which is encoded to count them. Confined to one thread. */
final class TokenBounds {
  private final LengthFilterConfig bounds;
  private final Optional<Utf8Encoder> encoder;

  private TokenBounds(LengthFilterConfig bounds, Optional<Utf8Encoder> encoder) {
    this.bounds = bounds;
    this.encoder = encoder;
  }

  static TokenBounds none() {
    return new TokenBounds(LengthFilterConfig.OFF, Optional.empty());
  }

  static TokenBounds of(LengthFilterConfig bounds, OpenTokenizers.Lease lease) {
    return new TokenBounds(bounds, Optional.of(lease.utf8Encoder()));
  }

  boolean isEmpty() {
    return encoder.isEmpty();
  }

  /** The bound that a text breaks. */
  Optional<String> reject(String text) throws IOException {
    if (encoder.isEmpty()) {
      return Optional.empty();
    }
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    long[] tokens = new long[1];
    encoder.get().encode(utf8, 0, utf8.length, (ids, count) -> tokens[0] += count);
    if (tokens[0] < bounds.minTokens()) {
      return Optional.of("length.min_tokens");
    }
    boolean over = bounds.maxTokens() > 0 && tokens[0] > bounds.maxTokens();
    return over ? Optional.of("length.max_tokens") : Optional.empty();
  }
}
