package dev.anneal.data.chat.jinja.value;

import java.util.ArrayList;
import java.util.List;

/** The arithmetic of expressions, as Python defines it for plain values. */
public final class Operators {
  /** What an element of a list counts as: its slot in memory, in characters. */
  private static final int CHARS_PER_ITEM = 16;

  private Operators() {}

  public static Object apply(String operator, Object left, Object right, Run run) {
    Values.requireDefined(left);
    Values.requireDefined(right);
    if (Values.isNumber(left) && Values.isNumber(right)) {
      try {
        return arithmetic(operator, left, right);
      } catch (ArithmeticException e) {
        throw new TemplateException(e.getMessage());
      }
    }
    if (operator.equals("+") && left instanceof String a && right instanceof String b) {
      run.chargeLength((long) a.length() + b.length());
      return a + b;
    }
    if (operator.equals("+") && left instanceof List<?> a && right instanceof List<?> b) {
      run.chargeLength(((long) a.size() + b.size()) * CHARS_PER_ITEM);
      List<Object> joined = new ArrayList<>(a);
      joined.addAll(b);
      return a instanceof Tuple && b instanceof Tuple ? new Tuple(joined) : joined;
    }
    if (operator.equals("*") && left instanceof List<?> items && right instanceof Long count) {
      return repeat(items, count, run);
    }
    if (operator.equals("*") && left instanceof Long count && right instanceof List<?> items) {
      return repeat(items, count, run);
    }
    if (operator.equals("*") && left instanceof String text && right instanceof Long count) {
      return repeat(text, count, run);
    }
    if (operator.equals("*") && left instanceof Long count && right instanceof String text) {
      return repeat(text, count, run);
    }
    throw new TemplateException(
        "unsupported operand types for "
            + operator
            + ": '"
            + PythonText.typeName(left)
            + "' and '"
            + PythonText.typeName(right)
            + "'");
  }

  public static Object negate(Object value) {
    Values.requireDefined(value);
    if (value instanceof Double number) {
      return -number;
    }
    if (Values.isNumber(value)) {
      return whole("-", 0, Values.toLong(value));
    }
    throw new TemplateException(
        "bad operand type for unary -: '" + PythonText.typeName(value) + "'");
  }

  private static String repeat(String text, long count, Run run) {
    long times = text.isEmpty() ? 0 : Math.max(0, count);
    run.chargeLength(times > Run.MAX_TEXT ? Long.MAX_VALUE : times * text.length());
    return text.repeat((int) times);
  }

  private static List<Object> repeat(List<?> items, long count, Run run) {
    long times = items.isEmpty() ? 0 : Math.max(0, count);
    run.chargeLength(
        times > Run.MAX_PARTS ? Long.MAX_VALUE : times * items.size() * CHARS_PER_ITEM);
    List<Object> repeated = new ArrayList<>();
    for (long i = 0; i < times; i++) {
      repeated.addAll(items);
    }
    return items instanceof Tuple ? new Tuple(repeated) : repeated;
  }

  private static Object arithmetic(String operator, Object left, Object right) {
    if (operator.equals("/")) {
      return Values.toDouble(left) / nonZero(Values.toDouble(right));
    }
    boolean negativePower = operator.equals("**") && Values.toDouble(right) < 0;
    if (left instanceof Double || right instanceof Double || negativePower) {
      return real(operator, Values.toDouble(left), Values.toDouble(right));
    }
    return whole(operator, Values.toLong(left), Values.toLong(right));
  }

  private static double real(String operator, double left, double right) {
    return switch (operator) {
      case "+" -> left + right;
      case "-" -> left - right;
      case "*" -> left * right;
      case "//" -> Math.floor(left / nonZero(right));
      case "%" -> left - right * Math.floor(left / nonZero(right));
      case "**" -> power(left, right);
      default -> throw new TemplateException("unknown operator " + operator);
    };
  }

  private static long whole(String operator, long left, long right) {
    return switch (operator) {
      case "+" -> Math.addExact(left, right);
      case "-" -> Math.subtractExact(left, right);
      case "*" -> Math.multiplyExact(left, right);
      case "//" -> right == -1 ? Math.negateExact(left) : Math.floorDiv(left, right);
      case "%" -> Math.floorMod(left, right);
      case "**" -> power(left, right);
      default -> throw new TemplateException("unknown operator " + operator);
    };
  }

  /** Where Python has a complex number, or none, there is an error. */
  private static double power(double base, double exponent) {
    double power = Math.pow(base, exponent);
    if (base == 0 && exponent < 0) {
      throw new ArithmeticException("0.0 cannot be raised to a negative power");
    }
    if (Double.isFinite(base) && Double.isFinite(exponent) && !Double.isFinite(power)) {
      throw new ArithmeticException("result too large, or no real number");
    }
    return power;
  }

  private static long power(long base, long exponent) {
    if (Math.abs(base) <= 1) {
      return exponent == 0 ? 1 : base == -1 && exponent % 2 == 0 ? 1 : base;
    }
    long result = 1;
    for (long i = 0; i < exponent; i++) {
      result = Math.multiplyExact(result, base);
    }
    return result;
  }

  private static double nonZero(double divisor) {
    if (divisor == 0) {
      throw new ArithmeticException("division by zero");
    }
    return divisor;
  }
}
