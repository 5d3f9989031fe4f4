package dev.anneal.jobs.config;

import dev.anneal.core.config.Rule;
import java.io.Serializable;

/**
 * Which rows of the inputs of {@code tokenize} the sample job shows, and how. Immutable.
 *
 * @param rows of each input
 * @param seed of rows picked anywhere in an input; -1 takes its first rows
 * @param show the text of each row, with its mask
 * @param ids the token ids too
 */
public record SampleConfig(int rows, long seed, boolean show, boolean ids) implements Serializable {
  public SampleConfig {
    Rule.positive("sample.rows", rows);
    Rule.check(seed >= -1, "sample.seed", seed, "must be >= 0, or -1 for the first rows");
  }
}
