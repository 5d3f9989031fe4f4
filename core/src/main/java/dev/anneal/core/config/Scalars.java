package dev.anneal.core.config;

import com.typesafe.config.ConfigOrigin;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import com.typesafe.config.ConfigValueType;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Single values: text, numbers, switches, choices. */
final class Scalars {
  private static final Map<String, Boolean> SWITCHES =
      Map.of("true", true, "yes", true, "on", true, "false", false, "no", false, "off", false);

  private Scalars() {}

  static Object convert(ConfigValue value, Class<?> type, String path) {
    ConfigValueType kind = value.valueType();
    if (kind == ConfigValueType.LIST || kind == ConfigValueType.OBJECT) {
      throw wrongType(value, path, expected(type));
    }
    // The text as it was written: a folder may be called 007.
    String text = value.atKey("v").getString("v");
    if (type == String.class) {
      return text;
    }
    if (type == boolean.class || type == Boolean.class) {
      Boolean on = SWITCHES.get(text.toLowerCase(Locale.ROOT));
      if (on == null) {
        throw wrongType(value, path, expected(type));
      }
      return on;
    }
    return type.isEnum() ? choice(value, text, type, path) : number(value, text, type, path);
  }

  static ConfigValue text(String text, ConfigOrigin origin) {
    return ConfigValueFactory.fromAnyRef(text, origin.description());
  }

  static ConfigException wrongType(ConfigValue value, String path, String expected) {
    return new ConfigException(
        "Invalid "
            + path
            + ": "
            + value.render(ConfigRenderOptions.concise())
            + " (must be "
            + expected
            + "; set in "
            + value.origin().description()
            + ")");
  }

  private static Object choice(ConfigValue value, String text, Class<?> type, String path) {
    String name = text.strip().replace('-', '_');
    for (Object constant : type.getEnumConstants()) {
      boolean other =
          constant instanceof OtherNames named
              && named.otherNames().contains(name.toLowerCase(Locale.ROOT));
      if (other || constant.toString().equalsIgnoreCase(name)) {
        return constant;
      }
    }
    throw wrongType(value, path, expected(type));
  }

  private static Object number(ConfigValue value, String text, Class<?> type, String path) {
    try {
      BigDecimal number = new BigDecimal(text.strip());
      if (type == int.class || type == Integer.class) {
        return number.intValueExact();
      }
      return type == long.class ? (Object) number.longValueExact() : (Object) number.doubleValue();
    } catch (ArithmeticException | NumberFormatException e) {
      throw wrongType(value, path, expected(type));
    }
  }

  private static String expected(Class<?> type) {
    if (type.isEnum()) {
      return Arrays.stream(type.getEnumConstants())
          .map(constant -> constant.toString().toLowerCase(Locale.ROOT))
          .collect(Collectors.joining(", ", "one of ", ""));
    }
    if (type == boolean.class || type == Boolean.class) {
      return "true or false";
    }
    if (type == String.class) {
      return "a text";
    }
    return type == double.class || type == Double.class ? "a number" : "a whole number";
  }
}
