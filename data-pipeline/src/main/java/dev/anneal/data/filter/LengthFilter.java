package dev.anneal.data.filter;

import dev.anneal.data.config.LengthFilterConfig;
import dev.anneal.data.text.TextView;
import java.util.Optional;

/** Bounds on characters and words. Tokens are counted where they are made. */
record LengthFilter(LengthFilterConfig config) implements DocumentFilter {

  /** Whether there is a bound that a text alone can break. */
  static boolean bounds(LengthFilterConfig config) {
    return config.minChars() > 0
        || config.maxChars() > 0
        || config.minWords() > 0
        || config.maxWords() > 0;
  }

  @Override
  public Optional<String> reject(TextView text) {
    if (text.length() < config.minChars()) {
      return Optional.of("length.min_chars");
    }
    if (config.maxChars() > 0 && text.length() > config.maxChars()) {
      return Optional.of("length.max_chars");
    }
    if (config.minWords() == 0 && config.maxWords() == 0) {
      return Optional.empty();
    }
    if (text.words().size() < config.minWords()) {
      return Optional.of("length.min_words");
    }
    if (config.maxWords() > 0 && text.words().size() > config.maxWords()) {
      return Optional.of("length.max_words");
    }
    return Optional.empty();
  }
}
