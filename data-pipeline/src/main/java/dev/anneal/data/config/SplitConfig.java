package dev.anneal.data.config;

import dev.anneal.core.config.Rule;
import java.io.Serializable;

/**
 * Shares of documents that go to splits of their own, by the hash of their text. Immutable.
 *
 * @param validation share of {@code output/validation}
 * @param test share of {@code output/test}
 */
public record SplitConfig(double validation, double test) implements Serializable {
  public static final SplitConfig OFF = new SplitConfig(0, 0);

  public SplitConfig {
    Rule.below("tokenize.split.validation", validation, 0, 1);
    Rule.below("tokenize.split.test", test, 0, 1);
    Rule.check(
        validation + test < 1, "tokenize.split.test", test, "must be < 1 with validation added");
  }

  /** Whether the output is several sets. */
  public boolean present() {
    return validation > 0 || test > 0;
  }
}
