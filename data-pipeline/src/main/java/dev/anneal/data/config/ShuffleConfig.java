package dev.anneal.data.config;

import java.io.Serializable;

/**
 * A seeded order of all documents instead of that of the inputs. Immutable.
 *
 * @param enabled whether documents are shuffled over all inputs
 */
public record ShuffleConfig(boolean enabled, long seed) implements Serializable {
  public static final ShuffleConfig OFF = new ShuffleConfig(false, 42);
}
