package dev.anneal.data.chat.jinja.value;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Python's rules for plain values, which are String, Long, Double, Boolean, {@link None}, {@link
 * Undefined}, List and Map: truth, length, equality, order, iteration.
 */
public final class Values {
  private static final char FIRST_ABOVE_SURROGATES = 0xE000;

  private Values() {}

  public static boolean truth(Object value) {
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

  public static long length(Object value) {
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

  public static List<Object> iterate(Object value) {
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
  public static Object requireKey(Object value) {
    boolean key =
        value instanceof Tuple tuple
            ? tuple.stream().noneMatch(Weight::isContainer)
            : !Weight.isContainer(value);
    if (!key) {
      throw new TemplateException("unhashable type: '" + PythonText.typeName(value) + "'");
    }
    return value;
  }

  public static boolean isNumber(Object value) {
    return value instanceof Long || value instanceof Double || value instanceof Boolean;
  }

  public static double toDouble(Object value) {
    if (value instanceof Double number) {
      return number;
    }
    return toLong(value);
  }

  public static long toLong(Object value) {
    if (value instanceof Boolean flag) {
      return flag ? 1 : 0;
    }
    return (Long) value;
  }

  public static boolean equal(Object left, Object right) {
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
  public static int compare(Object left, Object right) {
    if (isNumber(left) && isNumber(right)) {
      return left instanceof Double || right instanceof Double
          ? Double.compare(toDouble(left), toDouble(right))
          : Long.compare(toLong(left), toLong(right));
    }
    if (left instanceof String a && right instanceof String b) {
      return compareTexts(a, b);
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

  /** UTF-16 is in the order of code points but for surrogates, which stand below U+E000. */
  private static int compareTexts(String a, String b) {
    int shorter = Math.min(a.length(), b.length());
    for (int i = 0; i < shorter; i++) {
      char left = a.charAt(i);
      char right = b.charAt(i);
      if (left != right) {
        boolean swapped = Character.isSurrogate(left) != Character.isSurrogate(right);
        boolean high = swapped && Math.max(left, right) >= FIRST_ABOVE_SURROGATES;
        return high ? right - left : left - right;
      }
    }
    return a.length() - b.length();
  }

  /** A key so that what Python holds equal is equal: 1, 1.0 and true. */
  public static Object hashed(Object key) {
    if (key instanceof Boolean) {
      return toLong(key);
    }
    if (key instanceof Double number
        && number == Math.rint(number)
        && Math.abs(number) < 1L << 53) {
      return number.longValue();
    }
    return key instanceof Tuple tuple ? tuple.stream().map(Values::hashed).toList() : key;
  }

  public static boolean contains(Object container, Object item) {
    if (container instanceof String text) {
      if (item instanceof String part) {
        return TextSearch.first(text, part, 0) >= 0;
      }
      requireDefined(item);
      throw new TemplateException("'in <string>' requires string as left operand");
    }
    if (container instanceof Map<?, ?> map) {
      return map.containsKey(requireKey(item));
    }
    return iterate(container).stream().anyMatch(candidate -> equal(candidate, item));
  }

  public static void requireDefined(Object value) {
    if (value instanceof Undefined undefined) {
      throw undefined.fail();
    }
  }
}
