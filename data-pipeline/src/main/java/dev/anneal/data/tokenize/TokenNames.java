package dev.anneal.data.tokenize;

import dev.anneal.core.config.ConfigException;
import java.io.IOException;
import java.util.Optional;

/** How a {@code tokenizer.json} spells its tokens. Immutable and thread-safe. */
public final class TokenNames {
  private final String[] names;

  private TokenNames(String[] names) {
    this.names = names;
  }

  /** Reads the text of a {@code tokenizer.json}. */
  public static TokenNames parse(String json) {
    try {
      return new TokenNames(Vocabulary.parse(json).names());
    } catch (IOException e) {
      throw new ConfigException("Cannot read tokenizer.json: " + e.getMessage(), e);
    }
  }

  /**
   * The spelling of an id; empty when no token has it, as a model may have more ids than tokens.
   */
  Optional<String> find(int id) {
    boolean inside = id >= 0 && id < names.length;
    return inside ? Optional.ofNullable(names[id]) : Optional.empty();
  }

  /** The spelling of an id; {@link IllegalArgumentException} when no token has it. */
  public String name(int id) {
    if (id < 0 || id >= names.length || names[id] == null) {
      throw new IllegalArgumentException(
          "Invalid id: " + id + " (no token of a vocabulary of " + names.length + ")");
    }
    return names[id];
  }
}
