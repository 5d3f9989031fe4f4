package dev.anneal.jobs.tokenize.tally;

import dev.anneal.core.data.TokenRow;
import java.io.Serializable;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a split, an input or a corpus gave; adds up.
 *
 * @param samples documents or conversations that gave tokens
 * @param targets tokens of them with a loss, after the shift inside each
 * @param truncated samples that were cut to fit a row
 * @param bad rows that were set aside
 * @param skipped rows that gave no tokens and are no fault
 * @param dropped rows that steps before tokenizing left out, by their reason
 */
public record SplitCounts(
    long samples,
    long tokens,
    long targets,
    long truncated,
    long bad,
    Map<SkipReason, Long> skipped,
    Map<String, Long> dropped)
    implements Serializable {
  public static final SplitCounts ZERO = new SplitCounts(0, 0, 0, 0, 0, Map.of(), Map.of());

  public SplitCounts {
    skipped = Map.copyOf(skipped);
    dropped = Map.copyOf(dropped);
  }

  public SplitCounts plus(SplitCounts other) {
    return new SplitCounts(
        samples + other.samples,
        tokens + other.tokens,
        targets + other.targets,
        truncated + other.truncated,
        bad + other.bad,
        sum(skipped, other.skipped),
        sum(dropped, other.dropped));
  }

  private static <K extends Comparable<K>> Map<K, Long> sum(Map<K, Long> one, Map<K, Long> two) {
    if (one.isEmpty() || two.isEmpty()) {
      return one.isEmpty() ? two : one;
    }
    Map<K, Long> sum = new TreeMap<>(one);
    two.forEach((reason, count) -> sum.merge(reason, count, Long::sum));
    return sum;
  }

  public long skipped(SkipReason reason) {
    return skipped.getOrDefault(reason, 0L);
  }

  /** All rows that were looked at. */
  public long rows() {
    return samples + bad + sum(skipped) + droppedRows();
  }

  /** Rows that were left out before tokenizing. */
  long droppedRows() {
    return sum(dropped);
  }

  private static long sum(Map<?, Long> counts) {
    return counts.values().stream().mapToLong(Long::longValue).sum();
  }

  static SplitCounts of(EncodedSample sample) {
    if (sample instanceof EncodedSample.Tokens tokens) {
      int length = tokens.ids().length;
      return new SplitCounts(
          1, length, targets(tokens), tokens.truncated() ? 1 : 0, 0, Map.of(), Map.of());
    }
    if (sample instanceof EncodedSample.Skipped skipped) {
      return new SplitCounts(0, 0, 0, 0, 0, Map.of(skipped.reason(), 1L), Map.of());
    }
    return new SplitCounts(0, 0, 0, 0, 1, Map.of(), Map.of());
  }

  private static long targets(EncodedSample.Tokens tokens) {
    int[] labels = tokens.labels();
    long targets = 0;
    for (int i = 1; i < labels.length; i++) {
      targets += labels[i] == TokenRow.IGNORE_INDEX ? 0 : 1;
    }
    return targets;
  }
}
