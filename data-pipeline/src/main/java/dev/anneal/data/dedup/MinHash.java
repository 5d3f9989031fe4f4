package dev.anneal.data.dedup;

import dev.anneal.data.text.NGrams;
import java.util.Arrays;

/**
 * Signatures of n-gram sets: hash i of a set is the least of x·a_i + b_i over its members x, with
 * fixed odd a_i; equal with the probability of the Jaccard. Immutable and thread-safe.
 */
public final class MinHash {
  private static final long SEED = 0x616e6e65616c0001L; // fixed: a run repeats anywhere

  private final Bands bands;
  private final long[] factors;
  private final long[] offsets;

  public MinHash(Bands bands) {
    this.bands = bands;
    this.factors = new long[bands.hashes()];
    this.offsets = new long[bands.hashes()];
    for (int i = 0; i < factors.length; i++) {
      factors[i] = NGrams.mixed(SEED + 2L * i) | 1;
      offsets[i] = NGrams.mixed(SEED + 2L * i + 1);
    }
  }

  /** One key a band, different from those of other bands; none for an empty set. */
  public long[] bandKeys(long[] set) {
    if (set.length == 0) {
      return new long[0];
    }
    long[] signature = new long[factors.length];
    Arrays.fill(signature, Long.MAX_VALUE);
    for (long member : set) {
      for (int i = 0; i < signature.length; i++) {
        signature[i] = Math.min(signature[i], member * factors[i] + offsets[i]);
      }
    }
    long[] keys = new long[bands.bands()];
    for (int band = 0; band < keys.length; band++) {
      long key = NGrams.mixed(band + 1L);
      for (int row = 0; row < bands.rows(); row++) {
        key = NGrams.mixed(key ^ signature[band * bands.rows() + row]);
      }
      keys[band] = key;
    }
    return keys;
  }
}
