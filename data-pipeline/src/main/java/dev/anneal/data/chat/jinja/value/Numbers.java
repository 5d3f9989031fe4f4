package dev.anneal.data.chat.jinja.value;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Python's numbers from texts, and its rounding. An integer here has 64 bits. Stateless. */
public final class Numbers {
  /** Python reads no integer of more digits. */
  private static final int MAX_DIGITS = 4300;

  private static final Pattern INTEGER =
      Pattern.compile("([+-]?)(?:0([xXoObB])_?)?([0-9a-zA-Z]+(?:_[0-9a-zA-Z]+)*)");
  private static final Pattern REAL =
      Pattern.compile(
          "[+-]?(?:\\d+(?:_\\d+)*+\\.?(?:\\d+(?:_\\d+)*+)?|\\.\\d+(?:_\\d+)*+)"
              + "(?:[eE][+-]?\\d+(?:_\\d+)*+)?");
  private static final Pattern NAMED = Pattern.compile("([+-]?)(?i:(inf(?:inity)?)|nan)");
  private static final String PREFIXES = "xob";
  private static final int[] RADIXES = {16, 8, 2};
  private static final int LARGEST_RADIX = 36;
  private static final int MAX_PRECISION = 300;

  private Numbers() {}

  /** {@code int(text, base)}; empty where Python finds no integer. */
  public static Optional<Long> integer(String text, long base) {
    String bare = strip(text);
    if (bare.length() > MAX_DIGITS * 2 || base < 0 || base == 1 || base > LARGEST_RADIX) {
      return Optional.empty();
    }
    Matcher matcher = INTEGER.matcher(bare);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    String digits = matcher.group(3).replace("_", "");
    int radix = base == 0 ? 10 : (int) base;
    if (matcher.group(2) != null) {
      int own = RADIXES[PREFIXES.indexOf(matcher.group(2).toLowerCase(java.util.Locale.ROOT))];
      if (base == 0 || base == own) {
        radix = own;
      } else {
        digits = "0" + matcher.group(2) + digits;
      }
    }
    boolean leadingZero = base == 0 && radix == 10 && digits.matches("0+[1-9].*");
    if (leadingZero || digits.length() > MAX_DIGITS && Integer.bitCount(radix) > 1) {
      return Optional.empty();
    }
    try {
      return Optional.of(whole(new BigInteger(matcher.group(1) + digits, radix)));
    } catch (NumberFormatException e) {
      return Optional.empty();
    }
  }

  /** {@code float(text)}; empty where Python finds no number. */
  public static Optional<Double> real(String text) {
    String bare = strip(text);
    Matcher named = NAMED.matcher(bare);
    if (named.matches()) {
      double value = named.group(2) == null ? Double.NaN : Double.POSITIVE_INFINITY;
      return Optional.of(named.group(1).equals("-") ? -value : value);
    }
    return REAL.matcher(bare).matches()
        ? Optional.of(Double.parseDouble(bare.replace("_", "")))
        : Optional.empty();
  }

  /** {@code int(number)} of a finite number. */
  public static long whole(double number) {
    return whole(new BigDecimal(number).toBigInteger());
  }

  private static long whole(BigInteger number) {
    if (number.bitLength() >= Long.SIZE) {
      throw new TemplateException("template makes an integer of more than 64 bits");
    }
    return number.longValue();
  }

  /** Jinja's {@code round}. */
  public static Object round(Object value, long precision, String method) {
    if (Math.abs(precision) > MAX_PRECISION) {
      throw new TemplateException(
          "round to " + precision + " places (at most " + MAX_PRECISION + ")");
    }
    double number = Values.toDouble(value);
    if (method.equals("common")) {
      return common(value, number, (int) precision);
    }
    if (!method.equals("ceil") && !method.equals("floor")) {
      throw new TemplateException("method must be common, ceil or floor");
    }
    double scale = Double.parseDouble("1e" + precision);
    double scaled = number * scale;
    if (!Double.isFinite(scaled)) {
      throw new TemplateException(
          "cannot convert float " + PythonText.number(scaled) + " to integer");
    }
    return (method.equals("ceil") ? Math.ceil(scaled) : Math.floor(scaled)) / scale;
  }

  private static Object common(Object value, double number, int precision) {
    if (!(value instanceof Double)) {
      BigDecimal exact = BigDecimal.valueOf(Values.toLong(value));
      return precision >= 0
          ? Values.toLong(value)
          : whole(exact.setScale(precision, RoundingMode.HALF_EVEN).toBigInteger());
    }
    if (!Double.isFinite(number)) {
      return number;
    }
    double rounded =
        new BigDecimal(number).setScale(precision, RoundingMode.HALF_EVEN).doubleValue();
    if (Double.isInfinite(rounded)) {
      throw new TemplateException("rounded value too large to represent");
    }
    return rounded == 0 ? Math.copySign(0, number) : rounded;
  }

  private static String strip(String text) {
    return PythonText.strip(text);
  }
}
