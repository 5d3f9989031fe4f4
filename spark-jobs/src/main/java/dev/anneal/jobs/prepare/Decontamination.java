package dev.anneal.jobs.prepare;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.udf;

import dev.anneal.data.config.DecontaminateConfig;
import dev.anneal.data.dedup.EvaluationGrams;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.types.DataTypes;

/**
 * Finds rows that share an n-gram with evaluation sets. The n-grams, 8 bytes each, are collected on
 * the driver and broadcast once. Not thread-safe.
 */
public final class Decontamination {
  /** Column with the name of the set that a row shares an n-gram with; null without one. */
  public static final String SET = "contaminated_by";

  private final List<String> names = new ArrayList<>();
  private final List<EvaluationGrams.Collector> collectors = new ArrayList<>();
  private final int ngram;

  /**
   * @param ngram words of an n-gram; 13 as in GPT-3
   */
  public Decontamination(int ngram) {
    this.ngram = new DecontaminateConfig(List.of(), ngram).ngram();
  }

  /** Adds a set, read on the driver. Rows without a text are passed over. */
  public Decontamination add(String name, Dataset<Row> set, String textColumn) {
    EvaluationGrams.Collector collector = new EvaluationGrams.Collector(ngram);
    Iterator<Row> rows =
        set.select(col(textColumn)).filter(col(textColumn).isNotNull()).toLocalIterator();
    while (rows.hasNext()) {
      collector.add(rows.next().getString(0));
    }
    names.add(name);
    collectors.add(collector);
    return this;
  }

  /** All rows, with the column {@link #SET}. */
  public Dataset<Row> mark(Dataset<Row> rows, String textColumn) {
    EvaluationSets made = new EvaluationSets(names, EvaluationGrams.of(ngram, collectors));
    SharedSets sets = SharedSets.of(rows.sparkSession(), made);
    UDF1<String, String> found = text -> text == null ? null : sets.contaminates(text).orElse(null);
    return rows.withColumn(SET, udf(found, DataTypes.StringType).apply(col(textColumn)));
  }

  /** The rows that share no n-gram. */
  public Dataset<Row> keep(Dataset<Row> rows, String textColumn) {
    return mark(rows, textColumn).filter(col(SET).isNull()).drop(SET);
  }
}
