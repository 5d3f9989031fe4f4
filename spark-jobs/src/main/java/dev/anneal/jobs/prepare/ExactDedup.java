package dev.anneal.jobs.prepare;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.min;
import static org.apache.spark.sql.functions.udf;

import dev.anneal.data.text.ContentHash;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.expressions.UserDefinedFunction;
import org.apache.spark.sql.types.DataTypes;

/**
 * Leaves out rows whose text stood before, but for Unicode form and white space: see {@link
 * ContentHash}. Rows without a text, or with an empty one, stay. Stateless.
 */
public final class ExactDedup {
  private static final String HASH = "hash";
  private static final String FIRST = "first";

  private ExactDedup() {}

  /**
   * The rows whose text comes first.
   *
   * @param orderColumn numbers that are different in every row and say which comes first
   */
  public static Dataset<Row> drop(Dataset<Row> rows, String textColumn, String orderColumn) {
    UDF1<String, byte[]> hash = ExactDedup::hash;
    UserDefinedFunction hashed = udf(hash, DataTypes.BinaryType);
    Dataset<Row> ids =
        rows.select(col(orderColumn).as(DocumentSteps.ID), hashed.apply(col(textColumn)).as(HASH));
    return Dropping.without(rows, orderColumn, duplicates(ids));
  }

  /** The hash that equal texts share; null for a text with nothing in it. */
  static byte[] hash(String text) {
    return text == null || text.isBlank() ? null : ContentHash.of(text).bytes();
  }

  /** Ids of all but the first of each hash; rows have columns id and hash. */
  static Dataset<Row> duplicates(Dataset<Row> rows) {
    Dataset<Row> hashed = rows.filter(col(HASH).isNotNull());
    Dataset<Row> firsts =
        hashed
            .groupBy(col(HASH))
            .agg(min(col(DocumentSteps.ID)).as(FIRST), count(lit(1)).as("times"))
            .filter(col("times").gt(1));
    return hashed
        .join(firsts, HASH)
        .filter(col(DocumentSteps.ID).gt(col(FIRST)))
        .select(col(DocumentSteps.ID));
  }
}
