package dev.anneal.data.chat.jinja;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/** Jinja's filters that walk a sequence. */
final class SequenceFilters {
  private static final Map<String, Filters.Filter> ALL =
      Map.ofEntries(
          Map.entry("first", (v, a, run) -> end(v, true)),
          Map.entry("last", (v, a, run) -> end(v, false)),
          Map.entry("join", SequenceFilters::join),
          Map.entry("map", SequenceFilters::map),
          Map.entry("select", (v, a, run) -> choose(v, byTest(a), true)),
          Map.entry("reject", (v, a, run) -> choose(v, byTest(a), false)),
          Map.entry("selectattr", (v, a, run) -> choose(v, byAttribute(a), true)),
          Map.entry("rejectattr", (v, a, run) -> choose(v, byAttribute(a), false)),
          Map.entry("sort", (v, a, run) -> sort(v, a, "attribute", 2)),
          Map.entry("dictsort", (v, a, run) -> dictSort(v, a)),
          Map.entry("min", (v, a, run) -> extreme(v, a, -1)),
          Map.entry("max", (v, a, run) -> extreme(v, a, 1)),
          Map.entry("sum", SequenceFilters::sum),
          Map.entry("unique", SequenceFilters::unique),
          Map.entry("batch", (v, a, run) -> batch(v, a)));

  private SequenceFilters() {}

  static Optional<Filters.Filter> find(String name) {
    return Optional.ofNullable(ALL.get(name));
  }

  /** An attribute by its dotted path, each part a name or an index. */
  static Object path(Object value, Object attribute) {
    if (attribute instanceof Long) {
      return Members.item(value, attribute);
    }
    Object found = value;
    for (String part : PythonText.str(attribute).split("\\.")) {
      boolean index = !part.isEmpty() && part.chars().allMatch(Character::isDigit);
      found = Members.item(found, index ? (Object) Long.valueOf(part) : part);
    }
    return found;
  }

  private static Object end(Object value, boolean first) {
    List<Object> items = Values.iterate(value);
    if (items.isEmpty()) {
      return new Undefined("No " + (first ? "first" : "last") + " item, sequence was empty.");
    }
    return items.get(first ? 0 : items.size() - 1);
  }

  private static Object join(Object value, Arguments arguments, Run run) {
    Object attribute = arguments.get(1, "attribute", None.NONE);
    List<Object> items = new ArrayList<>();
    for (Object item : Values.iterate(value)) {
      items.add(attribute == None.NONE ? item : path(item, attribute));
    }
    return StringMethods.join(PythonText.str(arguments.get(0, "d", "")), items, run);
  }

  private static Object map(Object value, Arguments arguments, Run run) {
    List<Object> mapped = new ArrayList<>();
    Object attribute = arguments.named().get("attribute");
    for (Object item : Values.iterate(value)) {
      run.step();
      if (attribute != null) {
        Object found = path(item, attribute);
        Object otherwise = arguments.named().get("default");
        mapped.add(found instanceof Undefined && otherwise != null ? otherwise : found);
      } else {
        Filters.Filter filter = Filters.require(arguments.requireText(0, "filter"));
        mapped.add(filter.apply(item, arguments.rest(), run));
      }
    }
    return mapped;
  }

  private static Predicate<Object> byTest(Arguments arguments) {
    if (arguments.size() == 0) {
      return Values::truth;
    }
    Tests.Test test = Tests.require(arguments.requireText(0, "test"));
    return item -> test.holds(item, arguments.rest());
  }

  private static Predicate<Object> byAttribute(Arguments arguments) {
    Object attribute = arguments.require(0, "attribute");
    Predicate<Object> rest = byTest(arguments.rest());
    return item -> rest.test(path(item, attribute));
  }

  private static Object choose(Object value, Predicate<Object> predicate, boolean keep) {
    List<Object> chosen = new ArrayList<>();
    for (Object item : Values.iterate(value)) {
      if (predicate.test(item) == keep) {
        chosen.add(item);
      }
    }
    return chosen;
  }

  private static Comparator<Object> order(Object attribute, boolean caseSensitive) {
    return (left, right) ->
        Values.compare(key(left, attribute, caseSensitive), key(right, attribute, caseSensitive));
  }

  private static Object key(Object item, Object attribute, boolean caseSensitive) {
    Object key = attribute == None.NONE ? item : path(item, attribute);
    return !caseSensitive && key instanceof String text ? text.toLowerCase(Locale.ROOT) : key;
  }

  private static Object sort(Object value, Arguments arguments, String name, int index) {
    List<Object> items = new ArrayList<>(Values.iterate(value));
    boolean caseSensitive = arguments.flag(1, "case_sensitive", false);
    Comparator<Object> order = order(arguments.get(index, name, None.NONE), caseSensitive);
    items.sort(arguments.flag(0, "reverse", false) ? order.reversed() : order);
    return items;
  }

  private static Object dictSort(Object value, Arguments arguments) {
    if (!(value instanceof Map<?, ?> map)) {
      throw new TemplateException("dictsort needs a mapping");
    }
    List<Object> pairs = CollectionMethods.items(map);
    boolean byValue = arguments.get(1, "by", "key").equals("value");
    Comparator<Object> order = order(byValue ? 1L : 0L, arguments.flag(0, "case_sensitive", false));
    pairs.sort(arguments.flag(2, "reverse", false) ? order.reversed() : order);
    return pairs;
  }

  private static Object extreme(Object value, Arguments arguments, int sign) {
    Comparator<Object> order =
        order(arguments.get(1, "attribute", None.NONE), arguments.flag(0, "case_sensitive", false));
    List<Object> items = Values.iterate(value);
    if (items.isEmpty()) {
      return new Undefined("No aggregated item, sequence was empty.");
    }
    Object best = items.get(0);
    for (Object item : items) {
      best = order.compare(item, best) * sign > 0 ? item : best;
    }
    return best;
  }

  private static Object sum(Object value, Arguments arguments, Run run) {
    Object attribute = arguments.get(0, "attribute", None.NONE);
    Object total = arguments.get(1, "start", 0L);
    for (Object item : Values.iterate(value)) {
      total =
          Operators.apply("+", total, attribute == None.NONE ? item : path(item, attribute), run);
    }
    return total;
  }

  private static Object unique(Object value, Arguments arguments, Run run) {
    boolean caseSensitive = arguments.flag(0, "case_sensitive", false);
    Object attribute = arguments.get(1, "attribute", None.NONE);
    List<Object> keys = new ArrayList<>();
    List<Object> kept = new ArrayList<>();
    for (Object item : Values.iterate(value)) {
      Object key = key(item, attribute, caseSensitive);
      run.chargeLength((long) keys.size() * Run.CHARS_PER_STEP);
      if (!Values.contains(keys, key)) {
        keys.add(key);
        kept.add(item);
      }
    }
    return kept;
  }

  private static Object batch(Object value, Arguments arguments) {
    int size = (int) Math.max(1, arguments.number(0, "linecount", 1));
    Object filler = arguments.get(1, "fill_with", None.NONE);
    List<Object> batches = new ArrayList<>();
    List<Object> items = Values.iterate(value);
    for (int i = 0; i < items.size(); i += size) {
      List<Object> batch = new ArrayList<>(items.subList(i, Math.min(items.size(), i + size)));
      while (filler != None.NONE && batch.size() < size) {
        batch.add(filler);
      }
      batches.add(batch);
    }
    return batches;
  }
}
