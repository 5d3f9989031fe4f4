package dev.anneal.data.chat.jinja.value;

import java.util.List;
import java.util.Map;

/** Python's {@code repr}, up to the limit of one text. Confined to one thread. */
final class Repr {
  private final StringBuilder out = new StringBuilder();

  private Repr() {}

  static String of(Object value) {
    Repr repr = new Repr();
    repr.write(value);
    return repr.out.toString();
  }

  private void write(Object value) {
    if (value instanceof Undefined) {
      out.append("Undefined");
    } else if (value instanceof String text) {
      quote(text);
    } else if (value instanceof Boolean flag) {
      out.append(flag ? "True" : "False");
    } else if (value instanceof Double number) {
      out.append(PythonText.number(number));
    } else if (value == None.NONE) {
      out.append("None");
    } else if (value instanceof List<?> list) {
      write(list);
    } else if (value instanceof Map<?, ?> map) {
      write(map);
    } else if (value instanceof Namespace namespace) {
      out.append("<Namespace ");
      write(namespace.attributes());
      out.append('>');
    } else {
      out.append(value);
    }
    Run.limit(out.length());
  }

  private void write(List<?> list) {
    boolean tuple = list instanceof Tuple;
    out.append(tuple ? '(' : '[');
    String separator = "";
    for (Object item : list) {
      out.append(separator);
      write(item);
      separator = ", ";
    }
    out.append(tuple && list.size() == 1 ? "," : "").append(tuple ? ')' : ']');
  }

  private void write(Map<?, ?> map) {
    out.append('{');
    String separator = "";
    for (Map.Entry<?, ?> entry : map.entrySet()) {
      out.append(separator);
      write(entry.getKey());
      out.append(": ");
      write(entry.getValue());
      separator = ", ";
    }
    out.append('}');
  }

  private void quote(String text) {
    char mark = text.indexOf('\'') >= 0 && text.indexOf('"') < 0 ? '"' : '\'';
    out.append(mark);
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        default -> character(c, mark);
      }
      Run.limit(out.length());
    }
    out.append(mark);
  }

  private void character(char c, char mark) {
    if (c == mark) {
      out.append('\\').append(c);
    } else if (c < 0x20 || c == 0x7F) {
      out.append("\\x").append(hex(c >> 4)).append(hex(c & 0xF));
    } else {
      out.append(c);
    }
  }

  private static char hex(int digit) {
    return Character.forDigit(digit, 16);
  }
}
