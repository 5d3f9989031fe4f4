package dev.anneal.core.config;

import java.io.Serializable;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * One corpus to tokenize. Immutable.
 *
 * @param path file, folder or glob; empty when {@code query} is set
 * @param query Spark SQL instead of a path
 * @param orderBy column that orders a table or query; empty orders by content hash
 * @param format auto takes it from the file name
 * @param datasetFormat shape of the rows; auto looks at their fields
 * @param weight how many times the rows are taken
 * @param columns our field name to theirs, where they differ
 */
public record InputConfig(
    String path,
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
    PARQUET
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
    Rule.check(
        path.isEmpty() != query.isEmpty(),
        "tokenize.inputs",
        path.isEmpty() ? "{}" : path,
        "each input must have a path, or a query, not both");
    Rule.positive("tokenize.inputs.weight", weight);
  }

  /** The same corpus, its rows taken another number of times. */
  public InputConfig withWeight(double newWeight) {
    return new InputConfig(path, query, orderBy, format, datasetFormat, newWeight, columns);
  }
}
