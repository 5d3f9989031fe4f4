package dev.anneal.core.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * One {@code -s key=value}. A value that starts with <code>[</code>, <code>{</code> or a quote, or
 * that is a number, boolean or null, is HOCON; anything else is one literal text, so that paths
 * with spaces, colons, hashes and dollars need no quoting. An unquoted element of a list is literal
 * too, up to the next comma or closing bracket.
 */
public final class SettingParser {
  private static final Pattern TYPED =
      Pattern.compile("-?(0|[1-9]\\d*)(\\.\\d+)?([eE][+-]?\\d+)?|true|false|null");

  private final String setting;
  private final String text;
  private int at;

  private SettingParser(String setting, String text) {
    this.setting = setting;
    this.text = text;
  }

  public static Config parse(String setting) {
    int equals = setting.indexOf('=');
    if (equals <= 0 || setting.substring(0, equals).isBlank()) {
      throw new ConfigException("Invalid -s: " + setting + " (must be key=value)");
    }
    String key = setting.substring(0, equals).strip();
    SettingParser parser = new SettingParser(setting, setting.substring(equals + 1).strip());
    ConfigValue value = parser.value();
    try {
      ConfigUtil.splitPath(key);
    } catch (com.typesafe.config.ConfigException e) {
      throw new ConfigException("Invalid -s: " + setting + " (bad key: " + e.getMessage() + ")", e);
    }
    return value.withOrigin(value.origin().withComments(List.of())).atPath(key);
  }

  private ConfigValue value() {
    if (!text.startsWith("[")) {
      return text.startsWith("{") || text.startsWith("\"") || TYPED.matcher(text).matches()
          ? hocon(text)
          : literal(text);
    }
    ConfigValue list = list();
    if (at != text.length()) {
      throw invalid("unexpected \"" + text.substring(at) + "\" after the closing ]");
    }
    return list;
  }

  /** Reads from an opening bracket to its closing one. */
  private ConfigValue list() {
    List<ConfigValue> items = new ArrayList<>();
    at++;
    while (true) {
      skipSpace();
      if (at == text.length()) {
        throw invalid("missing closing ]");
      }
      char next = text.charAt(at);
      if (next == ']') {
        at++;
        return ConfigValueFactory.fromIterable(items, origin());
      }
      if (next == ',') {
        at++;
      } else {
        items.add(item(next));
      }
    }
  }

  private ConfigValue item(char first) {
    if (first == '[') {
      return list();
    }
    int start = at;
    if (first == '"' || first == '{') {
      skipNested();
      return hocon(text.substring(start, at));
    }
    while (at < text.length() && text.charAt(at) != ',' && text.charAt(at) != ']') {
      at++;
    }
    String element = text.substring(start, at).strip();
    return TYPED.matcher(element).matches() ? hocon(element) : literal(element);
  }

  /** Moves behind a quoted text or an object, over the quotes and braces inside. */
  private void skipNested() {
    int depth = 0;
    boolean quoted = false;
    while (at < text.length()) {
      char c = text.charAt(at++);
      if (quoted && c == '\\') {
        at++;
      } else if (c == '"') {
        quoted = !quoted;
      } else if (!quoted && (c == '{' || c == '[')) {
        depth++;
      } else if (!quoted && (c == '}' || c == ']')) {
        depth--;
      }
      if (depth == 0 && !quoted) {
        return;
      }
    }
    throw invalid("missing closing quote or brace");
  }

  private void skipSpace() {
    while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
      at++;
    }
  }

  private ConfigValue hocon(String value) {
    try {
      ConfigValue parsed = ConfigFactory.parseString("v = " + value).root().get("v");
      return parsed.withOrigin(literal("").origin());
    } catch (com.typesafe.config.ConfigException e) {
      throw invalid(e.getMessage());
    }
  }

  private ConfigValue literal(String value) {
    return ConfigValueFactory.fromAnyRef(value, origin());
  }

  private String origin() {
    return "-s " + setting;
  }

  private ConfigException invalid(String reason) {
    return new ConfigException("Invalid -s: " + setting + " (" + reason + ")");
  }
}
