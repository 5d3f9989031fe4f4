package dev.anneal.spark.ml.task;

import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** How token ids are stored in a column ({@code idType}). */
public enum IdType {
  /** 4 bytes an id, as Anneal's shards have. */
  INT,
  /** 8 bytes an id, as the DJL Spark extension and PyTorch have. */
  BIGINT;

  public static final List<String> NAMES = List.of("int", "bigint");

  public static IdType of(String name) {
    return name.equals("int") ? INT : BIGINT;
  }

  public ArrayType array() {
    DataType element = this == INT ? DataTypes.IntegerType : DataTypes.LongType;
    return DataTypes.createArrayType(element, false);
  }

  /** A struct of arrays of ids. */
  public StructType struct(String... names) {
    StructType struct = new StructType();
    for (String name : names) {
      struct = struct.add(name, array(), false);
    }
    return struct;
  }

  /** Ids as Spark takes them for {@link #array}. */
  Object column(int[] ids) {
    return this == INT ? ids : Arrays.stream(ids).asLongStream().toArray();
  }

  public static boolean isIds(DataType type) {
    return type instanceof ArrayType array
        && (array.elementType().equals(DataTypes.IntegerType)
            || array.elementType().equals(DataTypes.LongType));
  }

  /** The ids of an array field; {@link IllegalArgumentException} for what is none. */
  public static int[] read(Row row, int field) {
    List<Number> values = row.getList(field);
    int[] ids = new int[values.size()];
    int at = 0;
    for (Number value : values) {
      if (value == null) {
        throw new IllegalArgumentException("Invalid id: null at " + at + " (must be a number)");
      }
      long id = value.longValue();
      if (id != (int) id) {
        throw new IllegalArgumentException(
            "Invalid id: " + id + " at " + at + " (must fit 32 bits)");
      }
      ids[at++] = (int) id;
    }
    return ids;
  }
}
