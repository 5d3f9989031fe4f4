package dev.anneal.data.config;

import dev.anneal.core.config.Rule;
import java.io.Serializable;

/**
 * Which repeated documents are left out. Immutable.
 *
 * @param exact drop documents whose text stood before, white space and Unicode form aside
 * @param minhash drop near duplicates: Jaccard of the n-gram sets at least {@code threshold}
 * @param ngram words of an n-gram
 * @param bands of the signature; 0 derives bands and rows from the threshold
 * @param rows hashes of a band; 0 with {@code bands = 0}
 */
public record DedupConfig(
    boolean exact, boolean minhash, double threshold, int ngram, int bands, int rows)
    implements Serializable {
  public static final DedupConfig OFF = new DedupConfig(false, false, 0.8, 5, 0, 0);

  public DedupConfig {
    Rule.check(
        threshold > 0 && threshold <= 1,
        "tokenize.dedup.threshold",
        threshold,
        "must be in (0, 1]");
    Rule.positive("tokenize.dedup.ngram", ngram);
    Rule.notNegative("tokenize.dedup.bands", bands);
    Rule.notNegative("tokenize.dedup.rows", rows);
    Rule.check(
        (bands == 0) == (rows == 0),
        "tokenize.dedup.rows",
        rows,
        "must be 0 with bands = 0, which derives both, and > 0 with bands > 0");
    Rule.check(
        (long) bands * rows <= 4096, "tokenize.dedup.bands", bands, "bands x rows must be <= 4096");
  }
}
