package dev.anneal.data.sft;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.anneal.data.read.JsonRows;
import java.util.List;
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

  boolean has(String name) {
    return row.has(column(name));
  }

  String column(String name) {
    return columns.getOrDefault(name, name);
  }

  /** A text; empty when it is null, an error when it is missing. */
  String requireText(String name) {
    return text(require(name), column(name));
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
    require(name);
    return optionalList(name);
  }

  private JsonNode require(String name) {
    if (!has(name)) {
      throw new RowShapeException("missing field '" + column(name) + "'");
    }
    return get(name);
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

  /** A list or an object that tables hold as JSON text; missing for null and an empty text. */
  static JsonNode structure(JsonNode value, String where) {
    if (!value.isTextual()) {
      return value.isNull() ? MissingNode.getInstance() : value;
    }
    if (value.textValue().isBlank()) {
      return MissingNode.getInstance();
    }
    try {
      return JsonRows.value(value.textValue());
    } catch (IllegalArgumentException e) {
      throw new RowShapeException(
          "field '" + where + "' is " + e.getMessage().replaceFirst("^bad", "no"));
    }
  }

  /** Refuses numbers that JSON does not have in the fields that are used; others are not ours. */
  void requireFinite(List<String> names) {
    for (String name : names) {
      if (JsonRows.hasNotFinite(get(name))) {
        throw new RowShapeException(
            "field '" + column(name) + "' holds NaN or Infinity (must be a number that JSON has)");
      }
    }
  }

  static RowShapeException wrongKind(JsonNode value, String where, String expected) {
    String kind = value.getNodeType().name().toLowerCase(Locale.ROOT);
    return new RowShapeException(
        "field '" + where + "' is a " + kind + " (must be " + expected + ")");
  }
}
