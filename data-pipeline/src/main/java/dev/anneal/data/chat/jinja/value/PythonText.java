package dev.anneal.data.chat.jinja.value;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.List;
import java.util.Map;

/** Python's view of text: white space, {@code str}, {@code repr} and string literals. */
public final class PythonText {
  private static final int MAX_BRIEF = 100;

  private PythonText() {}

  /** Python's {@code str.isspace} for one character; none lies outside the basic plane. */
  public static boolean isSpace(char c) {
    return (c >= 0x09 && c <= 0x0D)
        || (c >= 0x1C && c <= 0x20)
        || c == 0x85
        || c == 0xA0
        || c == 0x1680
        || (c >= 0x2000 && c <= 0x200A)
        || c == 0x2028
        || c == 0x2029
        || c == 0x202F
        || c == 0x205F
        || c == 0x3000;
  }

  public static int skipSpace(String text, int from) {
    int at = from;
    while (at < text.length() && isSpace(text.charAt(at))) {
      at++;
    }
    return at;
  }

  /** Without white space at both ends. */
  static String strip(String text) {
    int start = 0;
    while (start < text.length() && isSpace(text.charAt(start))) {
      start++;
    }
    return stripRight(text.substring(start));
  }

  public static String stripRight(String text) {
    int end = text.length();
    while (end > 0 && isSpace(text.charAt(end - 1))) {
      end--;
    }
    return text.substring(0, end);
  }

  /** Python's {@code str(value)}; nothing for an undefined one, as Jinja prints it. */
  public static String str(Object value) {
    if (value instanceof Undefined) {
      return "";
    }
    return value instanceof String text ? text : repr(value);
  }

  static String repr(Object value) {
    return Repr.of(value);
  }

  /** A value in a message: constants as they are spelled, up to some length, else the type. */
  public static String brief(Object value) {
    if (value instanceof String text && text.length() > MAX_BRIEF) {
      return repr(text.substring(0, MAX_BRIEF)) + "...";
    }
    return Weight.isWalked(value) ? "of type '" + typeName(value) + "'" : repr(value);
  }

  public static String typeName(Object value) {
    if (value instanceof String) {
      return "str";
    }
    if (value instanceof Boolean) {
      return "bool";
    }
    if (value instanceof Long) {
      return "int";
    }
    if (value instanceof Double) {
      return "float";
    }
    if (value == None.NONE) {
      return "NoneType";
    }
    if (value instanceof List) {
      return "list";
    }
    return value instanceof Map ? "dict" : value.getClass().getSimpleName().toLowerCase();
  }

  /** The shortest decimal that reads back as the same double, laid out as Python does. */
  public static String number(double value) {
    if (Double.isNaN(value)) {
      return "nan";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "inf" : "-inf";
    }
    if (value == 0) {
      return 1 / value < 0 ? "-0.0" : "0.0";
    }
    BigDecimal exact = new BigDecimal(value);
    BigDecimal shortest = exact;
    for (int precision = 1; precision <= 17; precision++) {
      shortest = exact.round(new MathContext(precision, RoundingMode.HALF_EVEN));
      if (shortest.doubleValue() == value) {
        break;
      }
    }
    shortest = shortest.stripTrailingZeros();
    int exponent = shortest.precision() - shortest.scale() - 1;
    if (exponent >= -4 && exponent < 16) {
      String plain = shortest.toPlainString();
      return plain.contains(".") ? plain : plain + ".0";
    }
    String digits = shortest.unscaledValue().abs().toString();
    String mantissa = digits.length() == 1 ? digits : digits.charAt(0) + "." + digits.substring(1);
    return (value < 0 ? "-" : "")
        + mantissa
        + (exponent < 0 ? "e-" : "e+")
        + (Math.abs(exponent) < 10 ? "0" : "")
        + Math.abs(exponent);
  }

  /** What Python makes of the inside of a string literal; an unknown escape stays as it is. */
  public static String unescape(String raw, int line) {
    if (raw.indexOf('\\') < 0) {
      return raw;
    }
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < raw.length(); i++) {
      char c = raw.charAt(i);
      if (c != '\\') {
        out.append(c);
        continue;
      }
      char kind = raw.charAt(++i);
      int simple = "\\'\"abfnrtv\n".indexOf(kind);
      int digits = kind == 'x' ? 2 : kind == 'u' ? 4 : kind == 'U' ? 8 : 0;
      if (kind == '\n') {
        continue;
      } else if (simple >= 0) {
        out.append("\\'\"\u0007\b\f\n\r\t\u000b".charAt(simple));
      } else if (digits > 0) {
        out.appendCodePoint(codePoint(raw, i + 1, i + 1 + digits, 16, line));
        i += digits;
      } else if (kind >= '0' && kind <= '7') {
        int end = i + 1;
        while (end < raw.length() && end < i + 3 && "01234567".indexOf(raw.charAt(end)) >= 0) {
          end++;
        }
        out.appendCodePoint(codePoint(raw, i, end, 8, line));
        i = end - 1;
      } else {
        out.append('\\').append(kind);
      }
    }
    return out.toString();
  }

  private static int codePoint(String raw, int from, int to, int radix, int line) {
    try {
      int value = Integer.parseInt(raw.substring(from, to), radix);
      if (Character.isValidCodePoint(value)) {
        return value;
      }
    } catch (IndexOutOfBoundsException | NumberFormatException e) {
      throw TemplateException.at(line, "string has a broken escape");
    }
    throw TemplateException.at(line, "string has a broken escape");
  }
}
