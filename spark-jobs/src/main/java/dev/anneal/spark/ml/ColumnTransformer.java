package dev.anneal.spark.ml;

import org.apache.spark.ml.param.Param;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * A stage that makes one new column, the last, of another; all others stay as they are.
 *
 * @param <T> the class itself, which its setters return
 */
public abstract class ColumnTransformer<T extends ColumnTransformer<T>> extends AnnealStage<T> {
  private final Param<String> outputCol;

  ColumnTransformer(String uid) {
    super(uid);
    this.outputCol = new Param<>(this, "outputCol", "name of the column to add");
    setDefault(outputCol, uid + "__output");
  }

  /** Checks the type of the input column and all settings; gives the type of the new column. */
  abstract DataType outputType(StructType schema, StructField input);

  public final Param<String> outputCol() {
    return outputCol;
  }

  public final T setOutputCol(String value) {
    set(outputCol, value);
    return self();
  }

  public final String getOutputCol() {
    return $(outputCol);
  }

  @Override
  final StructType checkedSchema(StructType schema) {
    DataType type = outputType(schema, input(schema));
    for (String name : schema.fieldNames()) {
      if (name.equalsIgnoreCase($(outputCol))) {
        throw new IllegalArgumentException(
            "Invalid outputCol: " + name + " (the data has this column already)");
      }
    }
    return schema.add($(outputCol), type, true);
  }
}
