package dev.anneal.data.config;

import dev.anneal.core.config.ElementDefaults;
import dev.anneal.core.config.Rule;
import java.io.Serializable;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * One corpus to tokenize. Immutable.
 *
 * @param path file, folder or glob; empty when {@code table} or {@code query} is set
 * @param table a table of Spark's catalogs instead of a path
 * @param query Spark SQL instead of a path
 * @param orderBy column that orders a table or query; empty orders by content hash
 * @param format auto takes it from a file's name, or else from its first bytes
 * @param datasetFormat shape of the rows; auto looks at their fields
 * @param weight how many times the rows are taken
 * @param columns our field name to theirs, where they differ
 */
@ElementDefaults(
    "path=\"\", table=\"\", query=\"\", order_by=\"\", format=auto, dataset_format=auto, weight=1.0,"
        + " columns={}")
public record InputConfig(
    String path,
    String table,
    String query,
    String orderBy,
    Format format,
    DatasetFormat datasetFormat,
    double weight,
    Map<String, String> columns)
    implements Serializable {

  /** Container of the rows: TEXT is one document a file, LINES one a line. */
  public enum Format {
    AUTO,
    JSONL,
    TEXT,
    LINES,
    PARQUET,
    ORC,
    ARROW
  }

  /** Meaning of the fields of a row. */
  public enum DatasetFormat {
    AUTO,
    TEXT,
    ALPACA,
    SHAREGPT,
    MESSAGES,
    PROMPT_COMPLETION,
    QUERY_RESPONSE
  }

  public InputConfig {
    columns = Collections.unmodifiableMap(new TreeMap<>(columns));
    long sources = Stream.of(path, table, query).filter(source -> !source.isEmpty()).count();
    Rule.check(
        sources == 1,
        "tokenize.inputs",
        path.isEmpty() ? "{}" : path,
        "each input must have a path, a table or a query, and only one of them");
    Rule.positive("tokenize.inputs.weight", weight);
  }

  /** Of files or a query. */
  public InputConfig(
      String path,
      String query,
      String orderBy,
      Format format,
      DatasetFormat datasetFormat,
      double weight,
      Map<String, String> columns) {
    this(path, "", query, orderBy, format, datasetFormat, weight, columns);
  }

  /** Whether the rows come out of files instead of Spark SQL. */
  public boolean ofFiles() {
    return !path.isEmpty();
  }

  /** The path, table or query, for messages. */
  public String source() {
    return path + table + query;
  }

  /** The same corpus, its rows taken another number of times. */
  public InputConfig withWeight(double newWeight) {
    return new InputConfig(path, table, query, orderBy, format, datasetFormat, newWeight, columns);
  }
}
