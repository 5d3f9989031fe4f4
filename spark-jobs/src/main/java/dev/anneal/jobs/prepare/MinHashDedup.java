package dev.anneal.jobs.prepare;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.udf;

import dev.anneal.data.config.DedupConfig;
import dev.anneal.data.dedup.Bands;
import dev.anneal.data.text.NGrams;
import java.io.Serializable;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.expressions.UserDefinedFunction;
import org.apache.spark.sql.types.DataTypes;

/**
 * Leaves out near duplicates: documents whose sets of n-grams ({@link NGrams#set}) have a Jaccard
 * of at least the threshold with another one that stays, directly or over others. Banded MinHash
 * finds candidates on executors; each pair is verified by its exact Jaccard before it counts. Of
 * each connected component the first document stays, the same for any number of partitions.
 * Immutable and thread-safe.
 *
 * @param bands how signatures are cut
 */
public record MinHashDedup(double threshold, int ngram, Bands bands) implements Serializable {
  static final String SET = "set";

  /** With bands derived from the threshold. */
  public static MinHashDedup of(double threshold, int ngram) {
    return of(new DedupConfig(false, true, threshold, ngram, 0, 0));
  }

  public static MinHashDedup of(DedupConfig config) {
    Bands bands =
        config.bands() == 0
            ? Bands.of(config.threshold())
            : new Bands(config.bands(), config.rows());
    return new MinHashDedup(config.threshold(), config.ngram(), bands);
  }

  /**
   * The rows that stay. Rows without a text, or without a letter in it, stay.
   *
   * @param orderColumn whole numbers that are different in every row and say which comes first
   */
  public Dataset<Row> drop(Dataset<Row> rows, String textColumn, String orderColumn) {
    return Dropping.without(rows, orderColumn, duplicates(rows, textColumn, orderColumn));
  }

  /**
   * The ids, in a column {@code id}, of the rows that {@link #drop} leaves out; found at once and
   * kept on the executors' disks until {@code unpersist}.
   */
  public Dataset<Row> duplicates(Dataset<Row> rows, String textColumn, String orderColumn) {
    int n = ngram;
    UDF1<String, byte[]> set = text -> set(text, n);
    UserDefinedFunction made = udf(set, DataTypes.BinaryType);
    Dataset<Row> sets =
        rows.select(
            col(orderColumn).cast(DataTypes.LongType).as(DocumentSteps.ID),
            made.apply(col(textColumn)).as(SET));
    return new NearDuplicates(this).of(sets);
  }

  /** A text's set of n-grams as it travels; null where it has none. */
  static byte[] set(String text, int ngram) {
    long[] set = text == null ? new long[0] : NGrams.set(text, ngram);
    return set.length == 0 ? null : LongBytes.of(set);
  }
}
