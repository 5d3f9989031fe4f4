package dev.anneal.data.chat.jinja;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Jinja's filters of one value; those that walk a sequence are in {@link SequenceFilters}. */
final class Filters {
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
          Map.entry("int", (v, a, run) -> toInt(v, a.get(0, "default", 0L))),
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
          Map.entry("trim", (v, a, run) -> StringMethods.strip(PythonText.str(v), a, true, true)),
          Map.entry("wordcount", (v, a, run) -> words(PythonText.str(v))));

  /** Those that compare or print what is inside their value. */
  static final Set<String> WALKING =
      Set.of("sort", "unique", "min", "max", "dictsort", "tojson", "string");

  private Filters() {}

  static Optional<Filter> find(String name) {
    return Optional.ofNullable(ALL.get(name)).or(() -> SequenceFilters.find(name));
  }

  static Filter require(String name) {
    return find(name).orElseThrow(() -> new TemplateException("No filter named '" + name + "'"));
  }

  /** Whether a filter makes a value of every character of a text. */
  static boolean cutsCharacters(String name) {
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
    for (int point : text.toLowerCase(Locale.ROOT).codePoints().toArray()) {
      String letter = Character.toString(point);
      out.append(start ? letter.toUpperCase(Locale.ROOT) : letter);
      start = "-({[<".indexOf(point) >= 0 || isSpace(point);
    }
    return out.toString();
  }

  private static boolean isSpace(int point) {
    return point <= Character.MAX_VALUE && PythonText.isSpace((char) point);
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
    run.chargeLength(6L * text.length());
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("'", "&#39;")
        .replace("\"", "&#34;");
  }

  private static Object toFloat(Object value, Object otherwise) {
    if (Values.isNumber(value)) {
      return Values.toDouble(value);
    }
    try {
      return Double.parseDouble(PythonText.str(value).strip());
    } catch (NumberFormatException e) {
      return otherwise;
    }
  }

  private static Object toInt(Object value, Object otherwise) {
    if (value instanceof Double number) {
      return number.longValue();
    }
    if (Values.isNumber(value)) {
      return Values.toLong(value);
    }
    try {
      return new BigDecimal(PythonText.str(value).strip()).longValue();
    } catch (NumberFormatException e) {
      return otherwise;
    }
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
    RoundingMode mode =
        switch (method) {
          case "common" -> RoundingMode.HALF_EVEN;
          case "ceil" -> RoundingMode.CEILING;
          case "floor" -> RoundingMode.FLOOR;
          default -> throw new TemplateException("method must be common, ceil or floor");
        };
    int precision = (int) Math.max(-300, Math.min(300, arguments.number(0, "precision", 0)));
    return new BigDecimal(Values.toDouble(value)).setScale(precision, mode).doubleValue();
  }

  private static long words(String text) {
    return ((List<?>) StringSplits.split(text, Arguments.NONE)).size();
  }

  private static String indent(String text, Arguments arguments, Run run) {
    Object width = arguments.get(0, "width", 4L);
    String margin =
        width instanceof Long spaces
            ? " ".repeat((int) Math.max(0, Math.min(spaces, 1000)))
            : PythonText.str(width);
    boolean first = arguments.flag(1, "first", false);
    boolean blank = arguments.flag(2, "blank", false);
    List<Object> lines = StringSplits.lines(text + "\n", Arguments.NONE);
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < lines.size(); i++) {
      String line = (String) lines.get(i);
      boolean indented = i == 0 ? first : blank || !line.isEmpty();
      run.append(out, (i > 0 ? "\n" : "") + (indented ? margin : "") + line);
    }
    return out.toString();
  }
}
