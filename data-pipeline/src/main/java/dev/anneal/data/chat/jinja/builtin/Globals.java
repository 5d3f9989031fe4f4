package dev.anneal.data.chat.jinja.builtin;

import dev.anneal.data.chat.jinja.value.Arguments;
import dev.anneal.data.chat.jinja.value.Function;
import dev.anneal.data.chat.jinja.value.Namespace;
import dev.anneal.data.chat.jinja.value.None;
import dev.anneal.data.chat.jinja.value.PythonText;
import dev.anneal.data.chat.jinja.value.Run;
import dev.anneal.data.chat.jinja.value.TemplateException;
import dev.anneal.data.chat.jinja.value.Values;
import java.math.BigInteger;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Functions that every chat template can call. */
public final class Globals {
  private static final int MAX_RANGE = 100_000;
  private static final int MAX_FORMAT = 10_000;

  /** The global {@code dict}, which has a method besides. */
  static final Function DICT =
      (arguments, run) -> new LinkedHashMap<Object, Object>(named(arguments));

  public static final Map<String, Object> ALL =
      Map.of(
          "range", (Function) Globals::range,
          "dict", DICT,
          "namespace", (Function) Globals::namespace,
          "raise_exception", (Function) Globals::raise,
          "strftime_now", (Function) Globals::strftime);

  private Globals() {}

  private static Object namespace(Arguments arguments, Run run) {
    Map<String, Object> attributes = named(arguments);
    run.makeObject(2L * attributes.size());
    return new Namespace(attributes);
  }

  private static Object range(Arguments arguments, Run run) {
    boolean startGiven = arguments.size() > 1;
    long start = startGiven ? arguments.number(0, "start", 0) : 0;
    long stop = arguments.number(startGiven ? 1 : 0, "stop", 0);
    long step = arguments.number(2, "step", 1);
    if (step == 0) {
      throw new TemplateException("range() arg 3 must not be zero");
    }
    if (step == Long.MIN_VALUE || count(start, stop, step) > MAX_RANGE) {
      throw new TemplateException("range too big (at most " + MAX_RANGE + ")");
    }
    long count = count(start, stop, step);
    List<Object> numbers = new ArrayList<>();
    for (long i = 0; i < count; i++) {
      run.step();
      numbers.add(start + i * step);
    }
    return numbers;
  }

  private static long count(long start, long stop, long step) {
    if (step > 0 ? start >= stop : start <= stop) {
      return 0;
    }
    BigInteger distance = BigInteger.valueOf(stop).subtract(BigInteger.valueOf(start)).abs();
    BigInteger last = distance.subtract(BigInteger.ONE).divide(BigInteger.valueOf(Math.abs(step)));
    return last.bitLength() < Long.SIZE - 1 ? last.longValue() + 1 : Long.MAX_VALUE;
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
    String format = arguments.requireText(0, "format");
    run.scan(format.length());
    if (format.length() > MAX_FORMAT) {
      throw new TemplateException(
          "strftime_now of " + format.length() + " characters (at most " + MAX_FORMAT + ")");
    }
    return Strftime.format(format, ZonedDateTime.now(run.clock()));
  }
}
