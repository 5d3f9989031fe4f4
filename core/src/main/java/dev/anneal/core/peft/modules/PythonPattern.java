package dev.anneal.core.peft.modules;

import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Regular expressions as Python's {@code re} reads them, for names of modules. What the two
 * dialects write otherwise is translated: named groups and references to them, comments, {@code
 * \Z}, {@code {,n}}, and brackets and ampersands inside a set. Stateless.
 */
public final class PythonPattern {
  private final String source;
  private final StringBuilder java = new StringBuilder();
  private int at;

  private PythonPattern(String source) {
    this.source = source;
  }

  /**
   * @throws PatternSyntaxException for what is no expression, or one that only Python has
   */
  static Pattern compile(String source) {
    return Pattern.compile(new PythonPattern(source).translate());
  }

  private String translate() {
    while (at < source.length()) {
      char c = source.charAt(at);
      if (c == '\\' && at + 1 < source.length()) {
        escape();
      } else if (c == '[') {
        set();
      } else if (c == '(') {
        group();
      } else if (source.startsWith("{,", at)) {
        take(2, "{0,");
      } else {
        take(1, String.valueOf(c));
      }
    }
    return java.toString();
  }

  private void take(int length, String translated) {
    java.append(translated);
    at += length;
  }

  private void escape() {
    char escaped = source.charAt(at + 1);
    take(2, escaped == 'Z' ? "\\z" : "\\" + escaped);
  }

  private void group() {
    if (source.startsWith("(?P<", at)) {
      int end = name(at + 4, '>');
      take(end + 1 - at, "(?<" + javaName(source.substring(at + 4, end)) + ">");
    } else if (source.startsWith("(?P=", at)) {
      int end = name(at + 4, ')');
      take(end + 1 - at, "\\k<" + javaName(source.substring(at + 4, end)) + ">");
    } else if (source.startsWith("(?#", at)) {
      take(name(at + 3, ')') + 1 - at, "");
    } else {
      take(1, "(");
    }
  }

  private int name(int from, char end) {
    int found = source.indexOf(end, from);
    if (found < 0) {
      throw new PatternSyntaxException("Missing " + end, source, from);
    }
    return found;
  }

  /** Java's names of groups have letters and digits only; an underscore becomes a letter pair. */
  private static String javaName(String name) {
    return "g" + name.replace("Z", "ZZ").replace("_", "Zu");
  }

  /** A set in brackets, where Java would nest sets and intersect them. */
  private void set() {
    take(1, "[");
    if (at < source.length() && source.charAt(at) == '^') {
      take(1, "^");
    }
    boolean first = true;
    while (at < source.length() && (first || source.charAt(at) != ']')) {
      char c = source.charAt(at);
      if (c == '\\' && at + 1 < source.length()) {
        take(2, source.substring(at, at + 2));
      } else if (c == '[' || c == ']' || c == '&') {
        take(1, "\\" + c);
      } else {
        take(1, String.valueOf(c));
      }
      first = false;
    }
  }
}
