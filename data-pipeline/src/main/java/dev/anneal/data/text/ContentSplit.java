package dev.anneal.data.text;

import dev.anneal.data.config.SplitConfig;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * Which set a document belongs to, by the hash of its text alone: the same documents stay where
 * they are when others come or go, or when a share grows, and equal ones are never on two sides.
 * Immutable.
 */
public record ContentSplit(SplitConfig shares) implements Serializable {
  public static final String TRAIN = "train";
  public static final String VALIDATION = "validation";
  public static final String TEST = "test";

  /** The sets that there are, in the order in which they are written. */
  public List<String> names() {
    List<String> names = new ArrayList<>(List.of(TRAIN));
    if (shares.validation() > 0) {
      names.add(VALIDATION);
    }
    if (shares.test() > 0) {
      names.add(TEST);
    }
    return names;
  }

  /** The set of a text. Validation grows from below and test from above. */
  public String of(String text) {
    double fraction = ContentHash.of(text).fraction();
    if (fraction < shares.validation()) {
      return VALIDATION;
    }
    return fraction >= 1 - shares.test() ? TEST : TRAIN;
  }
}
