package dev.anneal.jobs.prepare;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.struct;
import static org.apache.spark.sql.functions.to_json;
import static org.apache.spark.sql.functions.xxhash64;

import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * A seeded order of rows that is the same for any number of partitions: by the hash of seed and
 * content, then by content. Equal rows are neighbours. Stateless.
 */
public final class GlobalShuffle {
  private static final String KEY = "__anneal_key";
  private static final String CONTENT = "__anneal_content";

  private GlobalShuffle() {}

  public static Dataset<Row> rows(Dataset<Row> rows, long seed) {
    Column content = to_json(struct("*"));
    return rows.withColumn(CONTENT, content)
        .withColumn(KEY, xxhash64(lit(seed), col(CONTENT)))
        .orderBy(KEY, CONTENT)
        .drop(KEY, CONTENT);
  }
}
