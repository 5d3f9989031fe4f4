package dev.anneal.jobs.prepare;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.udf;

import dev.anneal.data.config.FilterConfig;
import dev.anneal.data.filter.FilterChain;
import dev.anneal.jobs.config.AnnealConfig;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.types.DataTypes;

/**
 * The filters of {@code tokenize.filters} on any Dataset with a text column. Immutable and
 * thread-safe.
 */
public final class DocumentFilters {
  /** Column that says which rule a row breaks; null where it breaks none. */
  public static final String REASON = "drop_reason";

  private final FilterChain chain;

  private DocumentFilters(FilterChain chain) {
    this.chain = chain;
  }

  public static DocumentFilters of(FilterConfig config) {
    return new DocumentFilters(FilterChain.of(config));
  }

  /**
   * The filters of settings as they stand below {@code tokenize.filters}, for example {@code
   * "gopher_quality.enabled = true, length.min_words = 20"}.
   */
  public static DocumentFilters ofSettings(String hocon) {
    String whole = "tokenize.filters {\n" + hocon + "\n}";
    return of(AnnealConfig.loader().file("filters", whole).load().config().tokenize().filters());
  }

  /** All rows, with {@link #REASON}. A row without a text breaks no rule. */
  public Dataset<Row> mark(Dataset<Row> rows, String textColumn) {
    FilterChain asked = chain;
    UDF1<String, String> reason = text -> text == null ? null : asked.reject(text).orElse(null);
    return rows.withColumn(REASON, udf(reason, DataTypes.StringType).apply(col(textColumn)));
  }

  /** The rows that break no rule. */
  public Dataset<Row> keep(Dataset<Row> rows, String textColumn) {
    return mark(rows, textColumn).filter(col(REASON).isNull()).drop(REASON);
  }
}
