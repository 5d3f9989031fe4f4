package dev.anneal.jobs.tokenize.tally;

import java.io.Serializable;

/**
 * What a split tells about its texts and its speed, beside the counts; adds up.
 *
 * @param textBytes UTF-8 bytes of the texts that gave tokens
 * @param lengths samples by length: element i counts those of 2^i to 2^(i+1) - 1 tokens
 * @param nanos time by phase, in the order of {@link Phase}
 */
public record SplitStats(long textBytes, long[] lengths, long[] nanos) implements Serializable {
  private static final int BUCKETS = 40;

  public static SplitStats zero() {
    return new SplitStats(0, new long[BUCKETS], new long[Phase.values().length]);
  }

  /** The bucket of a length above 0. */
  static int bucket(long tokens) {
    return Math.min(BUCKETS - 1, Long.SIZE - 1 - Long.numberOfLeadingZeros(tokens));
  }

  public SplitStats plus(SplitStats other) {
    return new SplitStats(
        textBytes + other.textBytes, sum(lengths, other.lengths), sum(nanos, other.nanos));
  }

  private static long[] sum(long[] one, long[] two) {
    long[] sum = one.clone();
    for (int i = 0; i < sum.length; i++) {
      sum[i] += two[i];
    }
    return sum;
  }

  public long totalNanos() {
    long total = 0;
    for (long part : nanos) {
      total += part;
    }
    return total;
  }
}
