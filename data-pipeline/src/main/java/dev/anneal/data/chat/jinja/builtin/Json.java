package dev.anneal.data.chat.jinja.builtin;

import dev.anneal.data.chat.jinja.value.Arguments;
import dev.anneal.data.chat.jinja.value.None;
import dev.anneal.data.chat.jinja.value.PythonText;
import dev.anneal.data.chat.jinja.value.Run;
import dev.anneal.data.chat.jinja.value.TemplateException;
import dev.anneal.data.chat.jinja.value.Values;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/** Python's {@code json.dumps}, which is what transformers puts behind {@code tojson}. */
final class Json {
  private final boolean asciiOnly;
  private final boolean sortKeys;
  private final String indent;
  private final String itemSeparator;
  private final String keySeparator;
  private final StringBuilder out = new StringBuilder();

  private Json(Arguments arguments) {
    this.asciiOnly = arguments.flag(0, "ensure_ascii", false);
    Object width = arguments.get(1, "indent", None.NONE);
    this.indent = indentText(width);
    Object separators = arguments.get(2, "separators", None.NONE);
    this.sortKeys = arguments.flag(3, "sort_keys", false);
    if (separators instanceof List<?> pair && pair.size() == 2) {
      this.itemSeparator = PythonText.str(pair.get(0));
      this.keySeparator = PythonText.str(pair.get(1));
    } else {
      this.itemSeparator = width == None.NONE ? ", " : ",";
      this.keySeparator = ": ";
    }
  }

  static String dumps(Object value, Arguments arguments) {
    Json json = new Json(arguments);
    json.write(value, 0);
    return json.out.toString();
  }

  /** One level of indentation with its leading line break; empty for one line. */
  private static String indentText(Object width) {
    if (width == None.NONE) {
      return "";
    }
    return "\n" + (width instanceof Long spaces ? Filters.spaces(spaces) : PythonText.str(width));
  }

  private void write(Object value, int depth) {
    Run.limit(out.length());
    if (value instanceof String text) {
      quote(text);
    } else if (value instanceof Boolean || value instanceof Long) {
      out.append(value);
    } else if (value instanceof Double number) {
      out.append(number(number));
    } else if (value == None.NONE) {
      out.append("null");
    } else if (value instanceof List<?> list) {
      writeList(list, depth);
    } else if (value instanceof Map<?, ?> map) {
      writeMap(map, depth);
    } else {
      Values.requireDefined(value);
      throw new TemplateException(
          "Object of type " + PythonText.typeName(value) + " is not JSON serializable");
    }
  }

  private void writeList(List<?> list, int depth) {
    if (list.isEmpty()) {
      out.append("[]");
      return;
    }
    out.append('[');
    for (int i = 0; i < list.size(); i++) {
      out.append(i > 0 ? itemSeparator : "");
      newLine(depth + 1);
      write(list.get(i), depth + 1);
    }
    newLine(depth);
    out.append(']');
  }

  private void writeMap(Map<?, ?> map, int depth) {
    if (map.isEmpty()) {
      out.append("{}");
      return;
    }
    List<Object> keys = new ArrayList<>(map.keySet());
    if (sortKeys) {
      keys.sort(Comparator.comparing(PythonText::str, Values::compare));
    }
    out.append('{');
    for (int i = 0; i < keys.size(); i++) {
      Object key = keys.get(i);
      out.append(i > 0 ? itemSeparator : "");
      newLine(depth + 1);
      quote(key instanceof String text ? text : dumps(key, Arguments.NONE));
      out.append(keySeparator);
      write(map.get(key), depth + 1);
    }
    newLine(depth);
    out.append('}');
  }

  private void newLine(int depth) {
    if (!indent.isEmpty()) {
      Run.limit(out.length() + (long) depth * indent.length());
      out.append('\n').append(indent.substring(1).repeat(depth));
    }
  }

  private static String number(double value) {
    if (Double.isNaN(value)) {
      return "NaN";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "Infinity" : "-Infinity";
    }
    return PythonText.number(value);
  }

  private void quote(String text) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        case '\b' -> out.append("\\b");
        case '\f' -> out.append("\\f");
        default -> {
          if (c < 0x20 || (asciiOnly && c > 0x7E)) {
            out.append("\\u").append(HexFormat.of().toHexDigits(c));
          } else {
            out.append(c);
          }
        }
      }
      Run.limit(out.length());
    }
    out.append('"');
  }
}
