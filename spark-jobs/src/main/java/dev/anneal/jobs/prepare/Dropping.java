package dev.anneal.jobs.prepare;

import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** Takes rows out of a Dataset by their ids. Stateless. */
final class Dropping {
  private Dropping() {}

  /** The rows whose id in {@code column} is not among the ids. */
  static Dataset<Row> without(Dataset<Row> rows, String column, Dataset<Row> ids) {
    Dataset<Row> dropped = ids.select(ids.col(DocumentSteps.ID).as("__dropped"));
    return rows.join(dropped, rows.col(column).equalTo(dropped.col("__dropped")), "left_anti");
  }
}
