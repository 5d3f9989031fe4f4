package dev.anneal.jobs.read;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.util.List;
import java.util.Set;
import org.apache.hadoop.hive.ql.exec.vector.BytesColumnVector;
import org.apache.hadoop.hive.ql.exec.vector.ColumnVector;
import org.apache.hadoop.hive.ql.exec.vector.DecimalColumnVector;
import org.apache.hadoop.hive.ql.exec.vector.DoubleColumnVector;
import org.apache.hadoop.hive.ql.exec.vector.ListColumnVector;
import org.apache.hadoop.hive.ql.exec.vector.LongColumnVector;
import org.apache.hadoop.hive.ql.exec.vector.MapColumnVector;
import org.apache.hadoop.hive.ql.exec.vector.StructColumnVector;
import org.apache.hadoop.hive.ql.exec.vector.TimestampColumnVector;
import org.apache.hadoop.hive.ql.exec.vector.UnionColumnVector;
import org.apache.orc.TypeDescription;

/** Values of ORC's columns as JSON. Stateless. */
record OrcValues(RowColumns chosen) {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  /**
   * A row of a file.
   *
   * @param read the columns that were read
   */
  ObjectNode row(TypeDescription schema, Set<String> read, ColumnVector[] columns, int row) {
    ObjectNode node = JSON.objectNode();
    List<String> names = schema.getFieldNames();
    for (int i = 0; i < names.size(); i++) {
      if (read.contains(names.get(i))) {
        node.set(names.get(i), value(schema.getChildren().get(i), columns[i], row));
      }
    }
    return node;
  }

  private ObjectNode struct(TypeDescription type, ColumnVector[] fields, int row) {
    ObjectNode node = JSON.objectNode();
    List<String> names = type.getFieldNames();
    for (int i = 0; i < names.size(); i++) {
      JsonNode value = value(type.getChildren().get(i), fields[i], row);
      if (!value.isNull() || chosen.keeps(names.get(i), names)) {
        node.set(names.get(i), value);
      }
    }
    return node;
  }

  private JsonNode value(TypeDescription type, ColumnVector column, int row) {
    int at = column.isRepeating ? 0 : row;
    if (!column.noNulls && column.isNull[at]) {
      return JSON.nullNode();
    }
    return switch (type.getCategory()) {
      case BOOLEAN -> JSON.booleanNode(((LongColumnVector) column).vector[at] != 0);
      case BYTE, SHORT, INT, LONG -> JSON.numberNode(((LongColumnVector) column).vector[at]);
      case FLOAT -> JSON.numberNode((float) ((DoubleColumnVector) column).vector[at]);
      case DOUBLE -> JSON.numberNode(((DoubleColumnVector) column).vector[at]);
      case STRING, CHAR, VARCHAR, BINARY -> text((BytesColumnVector) column, at);
      case DECIMAL ->
          JSON.numberNode(
              ((DecimalColumnVector) column).vector[at].getHiveDecimal().bigDecimalValue());
      case DATE ->
          JSON.textNode(LocalDate.ofEpochDay(((LongColumnVector) column).vector[at]).toString());
      case TIMESTAMP, TIMESTAMP_INSTANT ->
          JSON.textNode(((TimestampColumnVector) column).asScratchTimestamp(at).toString());
      case LIST -> list(type, (ListColumnVector) column, at);
      case MAP -> map(type, (MapColumnVector) column, at);
      case STRUCT -> struct(type, ((StructColumnVector) column).fields, at);
      case UNION -> {
        UnionColumnVector union = (UnionColumnVector) column;
        int tag = union.tags[at];
        yield value(type.getChildren().get(tag), union.fields[tag], at);
      }
    };
  }

  private static JsonNode text(BytesColumnVector column, int at) {
    return JSON.textNode(
        new String(column.vector[at], column.start[at], column.length[at], StandardCharsets.UTF_8));
  }

  private ArrayNode list(TypeDescription type, ListColumnVector column, int at) {
    ArrayNode array = JSON.arrayNode();
    for (int i = 0; i < column.lengths[at]; i++) {
      array.add(value(type.getChildren().get(0), column.child, (int) column.offsets[at] + i));
    }
    return array;
  }

  private ObjectNode map(TypeDescription type, MapColumnVector column, int at) {
    ObjectNode node = JSON.objectNode();
    for (int i = 0; i < column.lengths[at]; i++) {
      int entry = (int) column.offsets[at] + i;
      String key = value(type.getChildren().get(0), column.keys, entry).asText();
      node.set(key, value(type.getChildren().get(1), column.values, entry));
    }
    return node;
  }
}
