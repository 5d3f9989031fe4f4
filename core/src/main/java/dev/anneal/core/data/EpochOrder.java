package dev.anneal.core.data;

/**
 * The order in which one epoch visits the rows: as stored, or a permutation that is a pure function
 * of (seed, epoch, number of rows). No state and no memory per row.
 *
 * <p>The permutation is a balanced Feistel network over the smallest power of four that holds the
 * rows, walked in cycles until it lands on a row (Black and Rogaway, "Ciphers with Arbitrary Finite
 * Domains", 2002). Thread-safe.
 *
 * @param rows number of rows, above 0
 * @param shuffled false: the stored order in every epoch
 * @param seed chooses the permutations; without effect when not shuffled
 */
public record EpochOrder(long rows, boolean shuffled, long seed) implements RowOrder {
  private static final int ROUNDS = 12;
  // Small domains give a Feistel network too few distinct permutations; walking costs little there.
  private static final int MIN_HALF_BITS = 6;
  private static final long GOLDEN = 0x9E3779B97F4A7C15L;

  public EpochOrder {
    if (rows <= 0 || rows > 1L << 60) {
      throw new IllegalArgumentException("Invalid rows: " + rows + " (must be > 0)");
    }
  }

  public static EpochOrder asStored(long rows) {
    return new EpochOrder(rows, false, 0);
  }

  public static EpochOrder shuffled(long rows, long seed) {
    return new EpochOrder(rows, true, seed);
  }

  @Override
  public long row(long epoch, long position) {
    if (position < 0 || position >= rows) {
      throw new IndexOutOfBoundsException("Invalid position: " + position + " of " + rows);
    }
    if (!shuffled) {
      return position;
    }
    int bits = 64 - Long.numberOfLeadingZeros(rows - 1);
    int halfBits = Math.max(MIN_HALF_BITS, (bits + 1) / 2);
    long key = mix(mix(seed) ^ (epoch + 1) * GOLDEN);
    long value = position;
    do {
      value = permute(value, halfBits, key);
    } while (value >= rows);
    return value;
  }

  private static long permute(long value, int halfBits, long key) {
    long mask = (1L << halfBits) - 1;
    long left = value >>> halfBits;
    long right = value & mask;
    for (int round = 1; round <= ROUNDS; round++) {
      long next = left ^ (mix(right + key + round * GOLDEN) & mask);
      left = right;
      right = next;
    }
    return left << halfBits | right;
  }

  /** The finaliser of SplitMix64 (Steele, Lea, Flood, 2014). */
  private static long mix(long value) {
    long z = value;
    z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
    z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
    return z ^ z >>> 31;
  }
}
