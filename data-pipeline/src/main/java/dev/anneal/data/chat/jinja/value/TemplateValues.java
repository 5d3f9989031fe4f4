package dev.anneal.data.chat.jinja.value;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Turns JSON into the plain values that a template sees. */
public final class TemplateValues {
  private TemplateValues() {}

  /** The value of a JSON node; a number beyond 64 bits becomes a float. */
  public static Object of(JsonNode node) {
    if (node.isTextual()) {
      return node.asText();
    }
    if (node.isBoolean()) {
      return node.asBoolean();
    }
    if (node.isIntegralNumber() && node.canConvertToLong()) {
      return node.asLong();
    }
    if (node.isNumber()) {
      return node.asDouble();
    }
    if (node.isArray()) {
      List<Object> items = new ArrayList<>();
      node.forEach(item -> items.add(of(item)));
      return items;
    }
    if (node.isObject()) {
      Map<Object, Object> entries = new LinkedHashMap<>();
      node.fields().forEachRemaining(field -> entries.put(field.getKey(), of(field.getValue())));
      return entries;
    }
    return None.NONE;
  }
}
