package dev.anneal.jobs.prepare;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.udf;

import dev.anneal.data.config.SplitConfig;
import dev.anneal.data.text.ContentSplit;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.types.DataTypes;

/** Train, validation and test sets by the hash of the text, see {@link ContentSplit}. Stateless. */
public final class SplitByContent {
  /** Column with {@code train}, {@code validation} or {@code test}. */
  public static final String SPLIT = "split";

  private SplitByContent() {}

  /** All rows, with the column {@link #SPLIT}. A row without a text counts as an empty one. */
  public static Dataset<Row> mark(
      Dataset<Row> rows, String textColumn, double validation, double test) {
    ContentSplit split = new ContentSplit(new SplitConfig(validation, test));
    UDF1<String, String> set = text -> split.of(text == null ? "" : text);
    return rows.withColumn(SPLIT, udf(set, DataTypes.StringType).apply(col(textColumn)));
  }
}
