package dev.anneal.jobs.corpus;

import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.pmod;
import static org.apache.spark.sql.functions.sha2;
import static org.apache.spark.sql.functions.struct;
import static org.apache.spark.sql.functions.sum;
import static org.apache.spark.sql.functions.to_json;
import static org.apache.spark.sql.functions.udf;
import static org.apache.spark.sql.functions.xxhash64;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.data.ShardManifest;
import dev.anneal.data.config.InputConfig;
import dev.anneal.data.read.SourceRow;
import dev.anneal.jobs.io.HadoopFileStore;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * The rows of a table or a Spark SQL query as lines of JSON, in an order that does not depend on
 * how Spark ran it: by {@code order_by}, then by content; without it by the hash of the content.
 * Not thread-safe.
 */
public final class QueryRows {
  private static final String KEY = "__anneal_order";
  private static final String JSON = "__anneal_json";

  private final String query;
  private final Dataset<Row> rows;
  private Optional<ShardManifest.Input> fingerprint = Optional.empty();

  private QueryRows(String query, Dataset<Row> rows) {
    this.query = query;
    this.rows = rows;
  }

  /**
   * Prepares a query; {@link ConfigException} names the key when Spark cannot.
   *
   * @param keepNulls whether fields of nested structs that are null stay
   */
  static QueryRows of(SparkSession spark, int index, InputConfig input, boolean keepNulls) {
    String key = "tokenize.inputs[" + index + "].";
    Dataset<Row> result;
    try {
      result = input.query().isEmpty() ? spark.table(input.table()) : spark.sql(input.query());
    } catch (Exception e) { // AnalysisException is checked, but not declared
      String kind = input.query().isEmpty() ? "table" : "query";
      throw new ConfigException(
          "Invalid " + key + kind + ": " + input.source() + " (" + firstLine(e) + ")", e);
    }
    Column json = to_json(struct("*"), Map.of("ignoreNullFields", "false"));
    boolean ordered = !input.orderBy().isEmpty();
    if (ordered && !List.of(result.columns()).contains(input.orderBy())) {
      throw new ConfigException(
          "Invalid %sorder_by: %s (must be one of %s)"
              .formatted(key, input.orderBy(), String.join(", ", result.columns())));
    }
    Column order = ordered ? result.col(input.orderBy()) : sha2(json, 256);
    Column shown = keepNulls ? json : withoutStructNulls(result.schema(), json);
    return new QueryRows(input.source(), result.select(order.as(KEY), shown.as(JSON)));
  }

  private static Column withoutStructNulls(StructType schema, Column json) {
    return StructNulls.mayHave(schema)
        ? udf(new StructNulls(schema), DataTypes.StringType).apply(json)
        : json;
  }

  private static String firstLine(Exception e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
  }

  /** Number of rows and a sum over their content, in place of size and time of a file. */
  public ShardManifest.Input fingerprint() {
    if (fingerprint.isEmpty()) {
      fingerprint = Optional.of(counted());
    }
    return fingerprint.get();
  }

  private ShardManifest.Input counted() {
    Column hash = pmod(xxhash64(col(JSON)), lit(1L << 31));
    Row row = rows.agg(count(lit(1)), coalesce(sum(hash), lit(0L))).head();
    return new ShardManifest.Input(query, "query", row.getLong(0), row.getLong(1));
  }

  /** The first rows, in the order of all. */
  public List<PickedRow> first(int count) {
    List<PickedRow> picked = new ArrayList<>();
    for (Row row :
        rows.orderBy(col(KEY), col(JSON)).select(col(JSON)).limit(count).collectAsList()) {
      byte[] json = row.getString(0).getBytes(StandardCharsets.UTF_8);
      int number = picked.size() + 1;
      picked.add(
          new PickedRow(
              query + ":" + number, InputConfig.Format.JSONL, new SourceRow(number, json)));
    }
    return picked;
  }

  /** Writes the rows into files of a folder, and says which of them count, in their order. */
  List<QueryFolder.Part> write(HadoopFileStore store, String folder) {
    List<QueryFolder.Part> parts = new ArrayList<>();
    for (String part :
        rows.orderBy(col(KEY), col(JSON))
            .select(col(JSON))
            .mapPartitions(new QueryPart(store, folder), Encoders.STRING())
            .collectAsList()) {
      int blank = part.indexOf(' ');
      parts.add(
          new QueryFolder.Part(
              part.substring(blank + 1), Long.parseLong(part.substring(0, blank))));
    }
    parts.sort(Comparator.comparing(QueryFolder.Part::name));
    return parts;
  }
}
