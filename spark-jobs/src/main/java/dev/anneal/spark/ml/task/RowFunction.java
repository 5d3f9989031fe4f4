package dev.anneal.spark.ml.task;

import java.io.Serializable;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataType;

/**
 * A function of one value as Spark SQL calls it: null gives null. The value comes as the only field
 * of a row, which hands arrays out as Java lists whatever Scala is behind it. Thread-safe.
 *
 * @param <S> what the function needs of the tokenizer
 * @param <R> what Spark takes as the output's type
 */
public record RowFunction<S, R>(PerTask<S> perTask, Step<S, R> step) implements UDF1<Row, R> {

  /** The work on one value. */
  @FunctionalInterface
  public interface Step<S, R> extends Serializable {
    R apply(S state, Row row);
  }

  @Override
  public R call(Row row) {
    return row == null || row.isNullAt(0) ? null : perTask.use(state -> step.apply(state, row));
  }

  /** The function applied to columns; null where the first is null. */
  public Column of(DataType type, Column... inputs) {
    return functions.udf(this, type).apply(functions.struct(inputs));
  }
}
