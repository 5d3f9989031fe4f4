package dev.anneal.data.chat.jinja.builtin;

import dev.anneal.data.chat.jinja.value.Arguments;
import dev.anneal.data.chat.jinja.value.Numbers;
import dev.anneal.data.chat.jinja.value.Operators;
import dev.anneal.data.chat.jinja.value.PythonText;
import dev.anneal.data.chat.jinja.value.Run;
import dev.anneal.data.chat.jinja.value.TemplateException;
import dev.anneal.data.chat.jinja.value.Undefined;
import dev.anneal.data.chat.jinja.value.Values;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Jinja's filters of one value; those that walk a sequence are in {@link SequenceFilters}. */
public final class Filters {
  /** One filter: the value left of the bar and the arguments. */
  interface Filter {
    Object apply(Object value, Arguments arguments, Run run);
  }

  private static final Map<String, Filter> ALL =
      Map.ofEntries(
          Map.entry("abs", (v, a, run) -> absolute(v)),
          Map.entry("capitalize", (v, a, run) -> StringMethods.capitalize(PythonText.str(v))),
          Map.entry("count", (v, a, run) -> Values.length(v)),
          Map.entry("length", (v, a, run) -> Values.length(v)),
          Map.entry("d", (v, a, run) -> otherwise(v, a)),
          Map.entry("default", (v, a, run) -> otherwise(v, a)),
          Map.entry("e", (v, a, run) -> escape(PythonText.str(v), run)),
          Map.entry("escape", (v, a, run) -> escape(PythonText.str(v), run)),
          Map.entry("float", (v, a, run) -> toFloat(v, a.get(0, "default", 0.0))),
          Map.entry("indent", (v, a, run) -> indent(PythonText.str(v), a, run)),
          Map.entry("int", (v, a, run) -> toInt(v, a)),
          Map.entry("items", (v, a, run) -> items(v)),
          Map.entry("list", (v, a, run) -> Values.iterate(v)),
          Map.entry("lower", (v, a, run) -> PythonText.str(v).toLowerCase(Locale.ROOT)),
          Map.entry("upper", (v, a, run) -> PythonText.str(v).toUpperCase(Locale.ROOT)),
          Map.entry("title", (v, a, run) -> title(PythonText.str(v))),
          Map.entry("replace", (v, a, run) -> StringMethods.replace(PythonText.str(v), a, run)),
          Map.entry("reverse", (v, a, run) -> reverse(v)),
          Map.entry("round", (v, a, run) -> round(v, a)),
          Map.entry("safe", (v, a, run) -> v),
          Map.entry("string", (v, a, run) -> PythonText.str(v)),
          Map.entry("tojson", (v, a, run) -> Json.dumps(v, a)),
          Map.entry("trim", (v, a, run) -> trim(PythonText.str(v), a, run)),
          Map.entry("wordcount", (v, a, run) -> words(PythonText.str(v), run)));

  /** Those that compare or print what is inside their value. */
  private static final Set<String> WALKING =
      Set.of(
          "capitalize",
          "dictsort",
          "e",
          "escape",
          "indent",
          "lower",
          "max",
          "min",
          "replace",
          "string",
          "title",
          "tojson",
          "trim",
          "unique",
          "upper",
          "wordcount");

  private Filters() {}

  public static Optional<Filter> find(String name) {
    return Optional.ofNullable(ALL.get(name)).or(() -> SequenceFilters.find(name));
  }

  static Filter require(String name) {
    return find(name).orElseThrow(() -> new TemplateException("No filter named '" + name + "'"));
  }

  /** A filter's value, what it costs counted. */
  public static Object apply(String name, Object given, Arguments arguments, Run run) {
    Filter filter = require(name);
    run.chargeValue(given);
    if (name.equals("sort") || name.equals("dictsort")) {
      run.chargeSort(given);
    } else if (WALKING.contains(name)) {
      run.chargeWalk(given);
    } else if (given instanceof String text && cutsCharacters(name)) {
      run.chargeCharacters(text);
      run.makeObject(text.length());
    }
    Object made = filter.apply(given, arguments, run);
    run.chargeMade(made, given);
    return made;
  }

  /** Whether a filter makes a value of every character of a text. */
  private static boolean cutsCharacters(String name) {
    return name.equals("list") || name.equals("reverse") || SequenceFilters.find(name).isPresent();
  }

  static String concatenate(List<Object> characters) {
    StringBuilder out = new StringBuilder();
    characters.forEach(out::append);
    return out.toString();
  }

  /** Not {@code str.title}: a word begins after white space, a hyphen or an opening bracket. */
  private static String title(String text) {
    StringBuilder out = new StringBuilder();
    boolean start = true;
    String small = text.toLowerCase(Locale.ROOT);
    for (int i = 0; i < small.length(); i += Character.charCount(small.codePointAt(i))) {
      int point = small.codePointAt(i);
      if (start) {
        out.append(Character.toString(point).toUpperCase(Locale.ROOT));
      } else {
        out.appendCodePoint(point);
      }
      start = "-({[<".indexOf(point) >= 0 || isSpace(point);
    }
    return out.toString();
  }

  private static boolean isSpace(int point) {
    return point <= Character.MAX_VALUE && PythonText.isSpace((char) point);
  }

  private static String trim(String text, Arguments arguments, Run run) {
    String trimmed = StringMethods.strip(text, arguments, true, true);
    return StringMethods.charged(trimmed, text, arguments, run);
  }

  private static Object absolute(Object value) {
    return Values.isNumber(value) && Values.toDouble(value) >= 0 ? value : Operators.negate(value);
  }

  private static Object otherwise(Object value, Arguments arguments) {
    boolean replaced =
        value instanceof Undefined || (arguments.flag(1, "boolean", false) && !Values.truth(value));
    return replaced ? arguments.get(0, "default_value", "") : value;
  }

  private static String escape(String text, Run run) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '&' -> out.append("&amp;");
        case '<' -> out.append("&lt;");
        case '>' -> out.append("&gt;");
        case '\'' -> out.append("&#39;");
        case '"' -> out.append("&#34;");
        default -> out.append(c);
      }
      Run.limit(out.length());
    }
    return out.toString();
  }

  private static Object toFloat(Object value, Object otherwise) {
    if (Values.isNumber(value)) {
      return Values.toDouble(value);
    }
    return value instanceof String text && Numbers.real(text).isPresent()
        ? Numbers.real(text).get()
        : otherwise;
  }

  /** A number beyond integers is read as a float first, as {@code "42.23"} is. */
  private static Object toInt(Object value, Arguments arguments) {
    Object otherwise = arguments.get(0, "default", 0L);
    if (value instanceof Long || value instanceof Boolean) {
      return Values.toLong(value);
    }
    if (value instanceof Double number && Double.isInfinite(number)) {
      throw new TemplateException("cannot convert float infinity to integer");
    }
    if (value instanceof String text) {
      Optional<Long> whole = Numbers.integer(text, arguments.number(1, "base", 10));
      if (whole.isPresent()) {
        return whole.get();
      }
    }
    Object real = toFloat(value, otherwise);
    boolean given = value instanceof Double || value instanceof String;
    return given && real != otherwise && Double.isFinite((Double) real)
        ? (Object) Numbers.whole((Double) real)
        : otherwise;
  }

  private static Object items(Object value) {
    if (value instanceof Undefined) {
      return List.of();
    }
    if (value instanceof Map<?, ?> map) {
      return CollectionMethods.items(map);
    }
    throw new TemplateException("Can only get item pairs from a mapping.");
  }

  private static Object reverse(Object value) {
    List<Object> items = new ArrayList<>(Values.iterate(value));
    Collections.reverse(items);
    return value instanceof String ? concatenate(items) : items;
  }

  private static Object round(Object value, Arguments arguments) {
    if (!Values.isNumber(value)) {
      throw new TemplateException("cannot round " + PythonText.typeName(value));
    }
    String method = PythonText.str(arguments.get(1, "method", "common"));
    return Numbers.round(value, arguments.number(0, "precision", 0), method);
  }

  private static long words(String text, Run run) {
    return StringSplits.split(text, Arguments.NONE, run).size();
  }

  private static String indent(String text, Arguments arguments, Run run) {
    Object width = arguments.get(0, "width", 4L);
    String margin = width instanceof Long spaces ? spaces(spaces) : PythonText.str(width);
    boolean first = arguments.flag(1, "first", false);
    boolean blank = arguments.flag(2, "blank", false);
    List<Object> lines = StringSplits.lines(text + "\n", Arguments.NONE, run);
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < lines.size(); i++) {
      String line = (String) lines.get(i);
      boolean indented = i == 0 ? first : blank || !line.isEmpty();
      run.append(out, (i > 0 ? "\n" : "") + (indented ? margin : "") + line);
    }
    return out.toString();
  }

  /** So many spaces, within the limit of one text. */
  static String spaces(long count) {
    Run.limit(count);
    return " ".repeat((int) Math.max(0, count));
  }
}
