package dev.anneal.data.sft;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.util.Locale;
import java.util.Map;

/**
 * The fields of one row under the names that a format gives them.
 *
 * @param columns names in the row by names of the format, where they differ
 */
record RowFields(JsonNode row, Map<String, String> columns) {
  JsonNode get(String name) {
    JsonNode value = row.get(column(name));
    return value == null ? MissingNode.getInstance() : value;
  }

  String column(String name) {
    return columns.getOrDefault(name, name);
  }

  /** A text; empty when it is null, an error when it is missing. */
  String requireText(String name) {
    JsonNode value = get(name);
    if (value.isMissingNode()) {
      throw new RowShapeException("missing field '" + column(name) + "'");
    }
    return text(value, column(name));
  }

  /** A text; empty when it is missing or null. */
  String optionalText(String name) {
    return text(get(name), column(name));
  }

  /** A list; empty when it is missing or null. */
  JsonNode optionalList(String name) {
    JsonNode value = get(name);
    if (value.isArray() || value.isMissingNode() || value.isNull()) {
      return value;
    }
    throw wrongKind(value, column(name), "a list");
  }

  JsonNode requireList(String name) {
    JsonNode value = get(name);
    if (value.isMissingNode()) {
      throw new RowShapeException("missing field '" + column(name) + "'");
    }
    return optionalList(name);
  }

  static String text(JsonNode value, String where) {
    if (value.isMissingNode() || value.isNull()) {
      return "";
    }
    if (value.isTextual()) {
      return value.textValue();
    }
    throw wrongKind(value, where, "text");
  }

  static RowShapeException wrongKind(JsonNode value, String where, String expected) {
    String kind = value.getNodeType().name().toLowerCase(Locale.ROOT);
    return new RowShapeException(
        "field '" + where + "' is a " + kind + " (must be " + expected + ")");
  }
}
