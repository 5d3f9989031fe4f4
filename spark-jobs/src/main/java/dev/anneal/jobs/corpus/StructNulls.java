package dev.anneal.jobs.corpus;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.anneal.data.read.JsonRows;
import dev.anneal.jobs.read.RowColumns;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.StructType;

/**
 * Leaves null fields of nested structs out of rows that Spark wrote as JSON, as {@link RowColumns}
 * says; those of maps are the rows' own. Serializable, stateless.
 */
record StructNulls(StructType schema) implements UDF1<String, String> {

  /** Whether rows of a schema can have any. */
  static boolean mayHave(StructType schema) {
    return List.of(schema.fields()).stream().anyMatch(field -> hasStruct(field.dataType()));
  }

  private static boolean hasStruct(DataType type) {
    if (type instanceof ArrayType array) {
      return hasStruct(array.elementType());
    }
    if (type instanceof MapType map) {
      return hasStruct(map.valueType());
    }
    return type instanceof StructType;
  }

  @Override
  public String call(String json) {
    if (!json.contains(":null")) {
      return json; // as Spark wrote it, to the last digit
    }
    JsonNode row = JsonRows.object(json.getBytes(StandardCharsets.UTF_8));
    List.of(schema.fields()).forEach(field -> prune(row.path(field.name()), field.dataType()));
    return row.toString();
  }

  private static void prune(JsonNode value, DataType type) {
    if (type instanceof ArrayType array) {
      value.forEach(element -> prune(element, array.elementType()));
    } else if (type instanceof MapType map) {
      value.forEach(entry -> prune(entry, map.valueType()));
    } else if (type instanceof StructType struct && value instanceof ObjectNode object) {
      List<String> names = List.of(struct.fieldNames());
      for (int i = 0; i < names.size(); i++) {
        if (object.path(names.get(i)).isNull() && !RowColumns.ALL.keeps(names.get(i), names)) {
          object.remove(names.get(i));
        } else {
          prune(object.path(names.get(i)), struct.fields()[i].dataType());
        }
      }
    }
  }
}
