package dev.anneal.spark.ml;

import dev.anneal.core.config.ConfigException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.apache.spark.ml.Transformer;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.util.DefaultParamsWritable;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * A persistable transformer that reads one column. As with all of Spark ML, one thread configures
 * it.
 *
 * @param <T> the class itself, which its setters return
 */
public abstract class AnnealStage<T extends AnnealStage<T>> extends Transformer
    implements DefaultParamsWritable {
  private final String uid;
  private final Param<String> inputCol;

  AnnealStage(String uid) {
    this.uid = uid;
    this.inputCol = new Param<>(this, "inputCol", "name of the column to read");
  }

  abstract T self();

  /** What the output of a schema is; refuses settings and columns that do not fit. */
  abstract StructType checkedSchema(StructType schema);

  /** Applies the checked settings. */
  abstract Dataset<Row> apply(Dataset<?> dataset);

  @Override
  public final String uid() {
    return uid;
  }

  public final Param<String> inputCol() {
    return inputCol;
  }

  public final T setInputCol(String value) {
    set(inputCol, value);
    return self();
  }

  public final String getInputCol() {
    return $(inputCol);
  }

  @Override
  public final Dataset<Row> transform(Dataset<?> dataset) {
    transformSchema(dataset.schema());
    try {
      return apply(dataset);
    } catch (ConfigException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }

  @Override
  public final StructType transformSchema(StructType schema) {
    return checkedSchema(schema);
  }

  @Override
  public final T copy(ParamMap extra) {
    return defaultCopy(extra);
  }

  /** The input column of a schema. */
  final StructField input(StructType schema) {
    if (!isSet(inputCol)) {
      throw new IllegalArgumentException(
          "Missing inputCol of " + uid + " (setInputCol names the column to read)");
    }
    return column(schema, inputCol);
  }

  /** The column that a param names; names differ in case only as in Spark SQL. */
  final StructField column(StructType schema, Param<String> param) {
    String name = $(param);
    return Arrays.stream(schema.fields())
        .filter(field -> field.name().equals(name))
        .findFirst()
        .or(
            () ->
                Arrays.stream(schema.fields())
                    .filter(field -> field.name().equalsIgnoreCase(name))
                    .findFirst())
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "Invalid %s: %s (must be one of %s)"
                        .formatted(param.name(), name, String.join(", ", schema.fieldNames()))));
  }

  final IllegalArgumentException wrongType(StructField field, Param<String> param, String wanted) {
    return new IllegalArgumentException(
        "Invalid %s: %s (is %s, must be %s)"
            .formatted(param.name(), field.name(), field.dataType().catalogString(), wanted));
  }

  final void requireText(StructField field) {
    if (!field.dataType().equals(DataTypes.StringType)) {
      throw wrongType(field, inputCol, "string");
    }
  }

  /** The value of a param that has a fixed set of values. */
  final String choice(Param<String> param, List<String> choices) {
    String value = $(param).toLowerCase(Locale.ROOT);
    if (!choices.contains(value)) {
      throw new IllegalArgumentException(
          "Invalid %s: %s (must be one of %s)"
              .formatted(param.name(), $(param), String.join(", ", choices)));
    }
    return value;
  }

  final int atLeast(Param<Object> param, int least) {
    int value = (Integer) $(param);
    if (value < least) {
      throw new IllegalArgumentException(
          "Invalid %s: %d (must be >= %d)".formatted(param.name(), value, least));
    }
    return value;
  }

  /** A column's name as an expression that may hold dots. */
  static String quoted(String name) {
    return "`" + name.replace("`", "``") + "`";
  }
}
