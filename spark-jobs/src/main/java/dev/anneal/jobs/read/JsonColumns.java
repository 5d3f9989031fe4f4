package dev.anneal.jobs.read;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.anneal.data.read.JsonRows;

/**
 * Columns of JSON as text, by the type {@code arrow.json} or Parquet's own: {@code datasets} keeps
 * fields so that hold different shapes. Stateless.
 */
public final class JsonColumns {
  private JsonColumns() {}

  /** What the text says; the text itself where it is no JSON, for whoever uses it to say so. */
  public static JsonNode value(String text) {
    try {
      JsonNode value = JsonRows.value(text);
      return value.isMissingNode() ? TextNode.valueOf(text) : value;
    } catch (IllegalArgumentException e) {
      return TextNode.valueOf(text);
    }
  }
}
