package dev.anneal.data.chat.jinja;

import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Functions that every chat template can call. */
final class Globals {
  private static final int MAX_RANGE = 100_000;

  /** The global {@code dict}, which has a method besides. */
  static final Function DICT =
      (arguments, run) -> new LinkedHashMap<Object, Object>(named(arguments));

  static final Map<String, Object> ALL =
      Map.of(
          "range", (Function) Globals::range,
          "dict", DICT,
          "namespace", (Function) (arguments, run) -> new Namespace(named(arguments)),
          "raise_exception", (Function) Globals::raise,
          "strftime_now", (Function) Globals::strftime);

  private Globals() {}

  private static Object range(Arguments arguments, Run run) {
    boolean startGiven = arguments.size() > 1;
    long start = startGiven ? arguments.number(0, "start", 0) : 0;
    long stop = arguments.number(startGiven ? 1 : 0, "stop", 0);
    long step = arguments.number(2, "step", 1);
    if (step == 0) {
      throw new TemplateException("range() arg 3 must not be zero");
    }
    List<Object> numbers = new ArrayList<>();
    for (long i = start; step > 0 ? i < stop : i > stop; i += step) {
      if (numbers.size() >= MAX_RANGE) {
        throw new TemplateException("range too big (at most " + MAX_RANGE + ")");
      }
      run.step();
      numbers.add(i);
    }
    return numbers;
  }

  private static Map<String, Object> named(Arguments arguments) {
    Map<String, Object> entries = new LinkedHashMap<>();
    for (Object source : arguments.positional()) {
      if (source instanceof Map<?, ?> map) {
        map.forEach((key, value) -> entries.put(PythonText.str(key), value));
        continue;
      }
      for (Object pair : Values.iterate(source)) {
        if (!(pair instanceof List<?> two) || two.size() != 2) {
          throw new TemplateException("dict needs pairs of a key and a value");
        }
        entries.put(PythonText.str(Values.requireKey(two.get(0))), two.get(1));
      }
    }
    entries.putAll(arguments.named());
    return entries;
  }

  /** {@code dict.fromkeys(keys, value)}. */
  static Object fromKeys(Arguments arguments, Run run) {
    Map<Object, Object> entries = new LinkedHashMap<>();
    Object value = arguments.get(1, "value", None.NONE);
    for (Object key : Values.iterate(arguments.require(0, "iterable"))) {
      entries.put(Values.requireKey(key), value);
    }
    return entries;
  }

  private static Object raise(Arguments arguments, Run run) {
    throw new TemplateException(PythonText.str(arguments.require(0, "message")));
  }

  private static Object strftime(Arguments arguments, Run run) {
    LocalDateTime now = LocalDateTime.now(run.clock());
    String format = arguments.requireText(0, "format");
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < format.length(); i++) {
      char c = format.charAt(i);
      if (c != '%' || i + 1 == format.length()) {
        out.append(c);
      } else {
        out.append(field(format.charAt(++i), now));
      }
    }
    return out.toString();
  }

  private static String field(char code, LocalDateTime now) {
    String pattern =
        switch (code) {
          case 'Y' -> "yyyy";
          case 'y' -> "yy";
          case 'm' -> "MM";
          case 'B' -> "MMMM";
          case 'b', 'h' -> "MMM";
          case 'd' -> "dd";
          case 'j' -> "DDD";
          case 'H' -> "HH";
          case 'I' -> "hh";
          case 'M' -> "mm";
          case 'S' -> "ss";
          case 'p' -> "a";
          case 'A' -> "EEEE";
          case 'a' -> "EEE";
          case 'F' -> "yyyy-MM-dd";
          case 'T' -> "HH:mm:ss";
          case '%' -> "'%'";
          default -> throw new TemplateException("unsupported strftime field %" + code);
        };
    return DateTimeFormatter.ofPattern(pattern, Locale.US).format(now);
  }
}
