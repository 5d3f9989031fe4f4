package dev.anneal.data.dedup;

import java.io.Serializable;

/**
 * How a MinHash signature is cut: documents are compared when all {@code rows} hashes of at least
 * one of {@code bands} bands agree. Two sets of Jaccard s agree in a row with probability s, so
 * they are compared with 1 − (1 − s^rows)^bands. Immutable.
 */
public record Bands(int bands, int rows) implements Serializable {
  /** Share of pairs just at the threshold that are compared, when bands are derived. */
  public static final double AIMED_RECALL = 0.99;

  /** Most hashes of a derived signature. */
  public static final int MAX_HASHES = 256;

  public Bands {
    if (bands < 1 || rows < 1) {
      throw new IllegalArgumentException(
          "Invalid bands: " + bands + " x " + rows + " (both must be > 0)");
    }
  }

  /**
   * The most rows, which spare comparisons, whose bands compare {@link #AIMED_RECALL} of the pairs
   * at the threshold with at most {@link #MAX_HASHES} hashes. Since candidates are verified, the
   * curve's middle may lie well below the threshold.
   */
  public static Bands of(double threshold) {
    Bands best = new Bands(MAX_HASHES, 1);
    for (int rows = 1; rows <= MAX_HASHES; rows++) {
      double agree = Math.pow(threshold, rows);
      double needed = agree >= 1 ? 1 : Math.log(1 - AIMED_RECALL) / Math.log1p(-agree);
      int bands = (int) Math.ceil(needed - 1e-9);
      if (needed > MAX_HASHES || (long) bands * rows > MAX_HASHES) {
        break;
      }
      best = new Bands(bands, rows);
      if (agree >= 1 && rows == 16) {
        break; // every band of equal sets agrees: more rows only cost
      }
    }
    return best;
  }

  public int hashes() {
    return bands * rows;
  }

  /** Probability that a pair of this Jaccard is compared. */
  public double probability(double jaccard) {
    return 1 - Math.pow(1 - Math.pow(jaccard, rows), bands);
  }

  /** About where the probability is steepest: (1 / bands)^(1 / rows). */
  public double middle() {
    return Math.pow(1.0 / bands, 1.0 / rows);
  }
}
