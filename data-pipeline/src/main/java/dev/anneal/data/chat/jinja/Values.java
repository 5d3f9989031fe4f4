package dev.anneal.data.chat.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Python's rules for plain values, which are String, Long, Double, Boolean, {@link None}, {@link
 * Undefined}, List and Map: truth, length, equality, order, iteration.
 */
final class Values {
  private Values() {}

  static boolean truth(Object value) {
    if (value instanceof Boolean flag) {
      return flag;
    }
    if (value instanceof Long number) {
      return number != 0;
    }
    if (value instanceof Double number) {
      return number != 0;
    }
    if (value instanceof String text) {
      return !text.isEmpty();
    }
    if (value instanceof List<?> list) {
      return !list.isEmpty();
    }
    if (value instanceof Map<?, ?> map) {
      return !map.isEmpty();
    }
    return value != None.NONE && !(value instanceof Undefined);
  }

  static long length(Object value) {
    if (value instanceof String text) {
      return text.codePointCount(0, text.length());
    }
    if (value instanceof List<?> list) {
      return list.size();
    }
    if (value instanceof Map<?, ?> map) {
      return map.size();
    }
    if (value instanceof Undefined) {
      return 0;
    }
    throw new TemplateException("object of type '" + PythonText.typeName(value) + "' has no len()");
  }

  static List<Object> iterate(Object value) {
    if (value instanceof List<?> list) {
      return new ArrayList<>(list);
    }
    if (value instanceof Map<?, ?> map) {
      return new ArrayList<>(map.keySet());
    }
    if (value instanceof String text) {
      if (text.length() > Run.MAX_PARTS) {
        throw new TemplateException(
            "template walks a text of more than " + Run.MAX_PARTS + " characters");
      }
      List<Object> characters = new ArrayList<>();
      text.codePoints().forEach(point -> characters.add(Character.toString(point)));
      return characters;
    }
    if (value instanceof Undefined) {
      return List.of();
    }
    throw new TemplateException("'" + PythonText.typeName(value) + "' object is not iterable");
  }

  /** A value that can be a key: a constant, or a tuple of constants. */
  static Object requireKey(Object value) {
    boolean key =
        value instanceof Tuple tuple
            ? tuple.stream().noneMatch(Weight::isContainer)
            : !Weight.isContainer(value);
    if (!key) {
      throw new TemplateException("unhashable type: '" + PythonText.typeName(value) + "'");
    }
    return value;
  }

  static boolean isNumber(Object value) {
    return value instanceof Long || value instanceof Double || value instanceof Boolean;
  }

  static double toDouble(Object value) {
    if (value instanceof Double number) {
      return number;
    }
    return toLong(value);
  }

  static long toLong(Object value) {
    if (value instanceof Boolean flag) {
      return flag ? 1 : 0;
    }
    return (Long) value;
  }

  static boolean equal(Object left, Object right) {
    if (isNumber(left) && isNumber(right)) {
      return left instanceof Double || right instanceof Double
          ? toDouble(left) == toDouble(right)
          : toLong(left) == toLong(right);
    }
    if (left instanceof List<?> a && right instanceof List<?> b) {
      if (a.size() != b.size() || a instanceof Tuple != b instanceof Tuple) {
        return false;
      }
      for (int i = 0; i < a.size(); i++) {
        if (!equal(a.get(i), b.get(i))) {
          return false;
        }
      }
      return true;
    }
    if (left instanceof Map<?, ?> a && right instanceof Map<?, ?> b) {
      return a.size() == b.size()
          && a.entrySet().stream()
              .allMatch(e -> b.containsKey(e.getKey()) && equal(e.getValue(), b.get(e.getKey())));
    }
    return left.equals(right);
  }

  /** Negative, zero or positive; texts by code points, as Python compares them. */
  static int compare(Object left, Object right) {
    if (isNumber(left) && isNumber(right)) {
      return left instanceof Double || right instanceof Double
          ? Double.compare(toDouble(left), toDouble(right))
          : Long.compare(toLong(left), toLong(right));
    }
    if (left instanceof String a && right instanceof String b) {
      return java.util.Arrays.compare(a.codePoints().toArray(), b.codePoints().toArray());
    }
    if (left instanceof List<?> a && right instanceof List<?> b) {
      for (int i = 0; i < Math.min(a.size(), b.size()); i++) {
        if (!equal(a.get(i), b.get(i))) {
          return compare(a.get(i), b.get(i));
        }
      }
      return Integer.compare(a.size(), b.size());
    }
    requireDefined(left);
    requireDefined(right);
    throw new TemplateException(
        "'<' not supported between instances of '"
            + PythonText.typeName(left)
            + "' and '"
            + PythonText.typeName(right)
            + "'");
  }

  static boolean contains(Object container, Object item) {
    if (container instanceof String text) {
      if (item instanceof String part) {
        return text.contains(part);
      }
      requireDefined(item);
      throw new TemplateException("'in <string>' requires string as left operand");
    }
    if (container instanceof Map<?, ?> map) {
      return map.containsKey(requireKey(item));
    }
    return iterate(container).stream().anyMatch(candidate -> equal(candidate, item));
  }

  static void requireDefined(Object value) {
    if (value instanceof Undefined undefined) {
      throw undefined.fail();
    }
  }
}
