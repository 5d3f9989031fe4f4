package dev.anneal.data.chat.jinja.builtin;

import dev.anneal.data.chat.jinja.value.Arguments;
import dev.anneal.data.chat.jinja.value.None;
import dev.anneal.data.chat.jinja.value.PythonText;
import dev.anneal.data.chat.jinja.value.Run;
import dev.anneal.data.chat.jinja.value.TemplateException;
import dev.anneal.data.chat.jinja.value.TextSearch;
import dev.anneal.data.chat.jinja.value.Tuple;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Python's ways to cut a {@code str} into parts. */
final class StringSplits {
  private StringSplits() {}

  static List<Object> split(String text, Arguments arguments, Run run) {
    long limit = limit(arguments);
    if (arguments.get(0, "sep", None.NONE) == None.NONE) {
      return words(text, limit, run);
    }
    String separator = separator(arguments);
    List<Object> parts = new ArrayList<>();
    int at = 0;
    for (int next = TextSearch.first(text, separator, 0);
        next >= 0 && parts.size() < limit;
        next = TextSearch.first(text, separator, at)) {
      run.makeItem();
      parts.add(text.substring(at, next));
      at = next + separator.length();
    }
    parts.add(text.substring(at));
    return parts;
  }

  static List<Object> splitRight(String text, Arguments arguments, Run run) {
    long limit = limit(arguments);
    if (arguments.get(0, "sep", None.NONE) == None.NONE) {
      String mirrored = new StringBuilder(text).reverse().toString();
      List<Object> parts = new ArrayList<>();
      for (Object part : words(mirrored, limit, run)) {
        parts.add(new StringBuilder((String) part).reverse().toString());
      }
      Collections.reverse(parts);
      return parts;
    }
    String separator = separator(arguments);
    List<Object> parts = new ArrayList<>();
    int end = text.length();
    for (int next = text.lastIndexOf(separator);
        next >= 0 && parts.size() < limit;
        next = end == 0 ? -1 : text.lastIndexOf(separator, end - separator.length())) {
      run.makeItem();
      parts.add(text.substring(next + separator.length(), end));
      end = next;
    }
    parts.add(text.substring(0, end));
    Collections.reverse(parts);
    return parts;
  }

  static List<Object> lines(String text, Arguments arguments, Run run) {
    boolean keepEnds = arguments.flag(0, "keepends", false);
    List<Object> lines = new ArrayList<>();
    int at = 0;
    for (int i = 0; i < text.length(); i++) {
      if ("\n\r\u000b\f\u001c\u001d\u001e\u0085\u2028\u2029".indexOf(text.charAt(i)) < 0) {
        continue;
      }
      int end = text.startsWith("\r\n", i) ? i + 2 : i + 1;
      run.makeItem();
      lines.add(text.substring(at, keepEnds ? end : i));
      at = end;
      i = end - 1;
    }
    if (at < text.length()) {
      lines.add(text.substring(at));
    }
    return lines;
  }

  static List<Object> partition(String text, Arguments arguments, boolean last) {
    String separator = separator(arguments);
    int at = last ? TextSearch.last(text, separator) : TextSearch.first(text, separator, 0);
    if (at < 0) {
      return last ? Tuple.of("", "", text) : Tuple.of(text, "", "");
    }
    return Tuple.of(text.substring(0, at), separator, text.substring(at + separator.length()));
  }

  private static List<Object> words(String text, long limit, Run run) {
    List<Object> parts = new ArrayList<>();
    int at = PythonText.skipSpace(text, 0);
    while (at < text.length()) {
      if (parts.size() == limit) {
        parts.add(text.substring(at));
        break;
      }
      int end = at;
      while (end < text.length() && !PythonText.isSpace(text.charAt(end))) {
        end++;
      }
      run.makeItem();
      parts.add(text.substring(at, end));
      at = PythonText.skipSpace(text, end);
    }
    return parts;
  }

  private static String separator(Arguments arguments) {
    String separator = arguments.requireText(0, "sep");
    if (separator.isEmpty()) {
      throw new TemplateException("empty separator");
    }
    return separator;
  }

  private static long limit(Arguments arguments) {
    long limit = arguments.number(1, "maxsplit", -1);
    return limit < 0 ? Long.MAX_VALUE : limit;
  }
}
