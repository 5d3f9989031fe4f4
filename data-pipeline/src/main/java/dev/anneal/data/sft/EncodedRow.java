package dev.anneal.data.sft;

import dev.anneal.core.data.TokenRow;

/**
 * A conversation as tokens. Immutable by convention: nobody writes into the arrays.
 *
 * @param labels as long as the ids, not shifted: the id where it is a target, else -100
 * @param truncated whether its end was cut off to fit {@code block_size}
 */
public record EncodedRow(int[] ids, int[] labels, boolean truncated) implements SftRow {
  public EncodedRow {
    if (labels.length != ids.length) {
      throw new IllegalArgumentException(
          "Invalid labels: " + labels.length + " (expected " + ids.length + " as ids)");
    }
  }

  /** Targets after the shift: the first token is none, for nothing precedes it. */
  public int targetCount() {
    int count = 0;
    for (int i = 1; i < labels.length; i++) {
      count += labels[i] == TokenRow.IGNORE_INDEX ? 0 : 1;
    }
    return count;
  }
}
