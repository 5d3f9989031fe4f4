package dev.anneal.core.data;

/**
 * One row of a shard.
 *
 * @param inputIds token ids
 * @param labels target ids, not shifted, {@link #IGNORE_INDEX} where there is no loss; as long as
 *     {@code inputIds}
 * @param sequenceLengths lengths of the packed samples, in order, with sum {@code inputIds.length};
 *     one element for an unpacked row
 */
public record TokenRow(int[] inputIds, int[] labels, int[] sequenceLengths) {
  public static final int IGNORE_INDEX = -100;

  public TokenRow {
    if (labels.length != inputIds.length) {
      throw new IllegalArgumentException(
          "Invalid labels: " + labels.length + " (expected " + inputIds.length + " as input_ids)");
    }
    int sum = 0;
    for (int length : sequenceLengths) {
      if (length <= 0) {
        throw new IllegalArgumentException("Invalid seq_lengths: " + length + " (must be > 0)");
      }
      sum += length;
    }
    if (sum != inputIds.length) {
      throw new IllegalArgumentException(
          "Invalid seq_lengths: sum " + sum + " (expected " + inputIds.length + " as input_ids)");
    }
  }
}
