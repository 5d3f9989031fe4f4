package dev.anneal.jobs.read;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.ValueVector;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.complex.LargeListVector;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.complex.MapVector;
import org.apache.arrow.vector.complex.StructVector;

/**
 * Values of Arrow's vectors as JSON. Stateless.
 *
 * @param asText whether a column that is declared as JSON stays text
 */
record ArrowValues(RowColumns chosen, boolean asText) {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private static final String EXTENSION = "ARROW:extension:name";
  private static final String JSON_TYPE = "arrow.json";

  /** The value at an index; nested columns are walked here, for Arrow leaves their nulls out. */
  JsonNode json(ValueVector vector, int index) {
    if (vector.isNull(index)) {
      return JSON.nullNode();
    }
    if (vector instanceof StructVector struct) {
      return struct(struct, index);
    }
    if (vector instanceof MapVector map) {
      return map(map, index);
    }
    if (vector instanceof ListVector list) {
      return list(
          list.getDataVector(), list.getElementStartIndex(index), list.getElementEndIndex(index));
    }
    if (vector instanceof LargeListVector list) {
      return list(
          list.getDataVector(), list.getElementStartIndex(index), list.getElementEndIndex(index));
    }
    if (vector instanceof FixedSizeListVector list) {
      int start = index * list.getListSize();
      return list(list.getDataVector(), start, start + list.getListSize());
    }
    Object value = vector.getObject(index);
    boolean json = !asText && JSON_TYPE.equals(vector.getField().getMetadata().get(EXTENSION));
    return json ? JsonColumns.value(value.toString()) : scalar(value);
  }

  private ObjectNode struct(StructVector struct, int index) {
    ObjectNode object = JSON.objectNode();
    List<String> names = struct.getChildFieldNames();
    for (FieldVector child : struct.getChildrenFromFields()) {
      if (!child.isNull(index) || chosen.keeps(child.getName(), names)) {
        object.set(child.getName(), json(child, index));
      }
    }
    return object;
  }

  private ArrayNode list(ValueVector elements, long start, long end) {
    ArrayNode array = JSON.arrayNode();
    for (long i = start; i < end; i++) {
      array.add(json(elements, Math.toIntExact(i)));
    }
    return array;
  }

  private ObjectNode map(MapVector map, int index) {
    ObjectNode object = JSON.objectNode();
    StructVector entries = (StructVector) map.getDataVector();
    ValueVector keys = entries.getChildByOrdinal(0);
    ValueVector values = entries.getChildByOrdinal(1);
    for (int i = map.getElementStartIndex(index); i < map.getElementEndIndex(index); i++) {
      object.set(json(keys, i).asText(), json(values, i));
    }
    return object;
  }

  private static JsonNode scalar(Object value) {
    if (value instanceof Boolean flag) {
      return JSON.booleanNode(flag);
    }
    if (value instanceof Float || value instanceof Double) {
      return JSON.numberNode(((Number) value).doubleValue());
    }
    if (value instanceof BigDecimal number) {
      return JSON.numberNode(number);
    }
    if (value instanceof Number number) {
      return JSON.numberNode(number.longValue());
    }
    return JSON.textNode(
        value instanceof byte[] bytes
            ? new String(bytes, StandardCharsets.UTF_8)
            : value.toString());
  }
}
