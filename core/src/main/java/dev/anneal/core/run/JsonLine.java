package dev.anneal.core.run;

import java.util.ArrayList;
import java.util.List;

/**
 * Builds one JSON object of numbers and short texts. Doubles are written as {@link
 * Double#toString}, the shortest text that reads back to the same bits; NaN and infinities have no
 * JSON form and become {@code null} with a {@code note} that tells which they were.
 */
final class JsonLine {
  private final StringBuilder text = new StringBuilder("{");
  private final List<String> notes = new ArrayList<>();

  JsonLine put(String key, long value) {
    key(key).append(value);
    return this;
  }

  JsonLine put(String key, double value) {
    key(key).append(Double.isFinite(value) ? Double.toString(value) : "null");
    if (!Double.isFinite(value)) {
      notes.add(key + " is " + value);
    }
    return this;
  }

  JsonLine put(String key, String value) {
    key(key).append(JsonText.quote(value));
    return this;
  }

  String end() {
    if (!notes.isEmpty()) {
      put("note", String.join(", ", notes));
    }
    return text.append('}').toString();
  }

  private StringBuilder key(String key) {
    if (text.length() > 1) {
      text.append(',');
    }
    return text.append('"').append(key).append("\":");
  }
}
