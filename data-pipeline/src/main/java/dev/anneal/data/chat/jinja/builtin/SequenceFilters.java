package dev.anneal.data.chat.jinja.builtin;

import dev.anneal.data.chat.jinja.value.Arguments;
import dev.anneal.data.chat.jinja.value.None;
import dev.anneal.data.chat.jinja.value.Operators;
import dev.anneal.data.chat.jinja.value.PythonText;
import dev.anneal.data.chat.jinja.value.Run;
import dev.anneal.data.chat.jinja.value.TemplateException;
import dev.anneal.data.chat.jinja.value.Undefined;
import dev.anneal.data.chat.jinja.value.Values;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/** Jinja's filters that walk a sequence. */
final class SequenceFilters {
  private static final Map<String, Filters.Filter> ALL =
      Map.ofEntries(
          Map.entry("first", (v, a, run) -> end(v, true)),
          Map.entry("last", (v, a, run) -> end(v, false)),
          Map.entry("join", SequenceFilters::join),
          Map.entry("map", SequenceFilters::map),
          Map.entry("select", (v, a, run) -> choose(v, byTest(a, run), true)),
          Map.entry("reject", (v, a, run) -> choose(v, byTest(a, run), false)),
          Map.entry("selectattr", (v, a, run) -> choose(v, byAttribute(a, run), true)),
          Map.entry("rejectattr", (v, a, run) -> choose(v, byAttribute(a, run), false)),
          Map.entry("sort", SequenceFilters::sort),
          Map.entry("dictsort", SequenceFilters::dictSort),
          Map.entry("min", (v, a, run) -> extreme(v, a, -1, run)),
          Map.entry("max", (v, a, run) -> extreme(v, a, 1, run)),
          Map.entry("sum", SequenceFilters::sum),
          Map.entry("unique", SequenceFilters::unique),
          Map.entry("batch", SequenceFilters::batch));

  private SequenceFilters() {}

  static Optional<Filters.Filter> find(String name) {
    return Optional.ofNullable(ALL.get(name));
  }

  /** An attribute by its dotted path, each part a name or an index. */
  static Object path(Object value, Object attribute, Run run) {
    if (attribute instanceof Long) {
      run.chargeValue(value);
      return Members.item(value, attribute);
    }
    Object found = value;
    String path = run.text(attribute);
    run.chargeCharacters(path);
    for (String part : path.split("\\.")) {
      boolean index = !part.isEmpty() && part.chars().allMatch(Character::isDigit);
      run.chargeValue(found);
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
      items.add(attribute == None.NONE ? item : path(item, attribute, run));
    }
    return StringMethods.join(PythonText.str(arguments.get(0, "d", "")), items, run);
  }

  private static Object map(Object value, Arguments arguments, Run run) {
    List<Object> mapped = new ArrayList<>();
    Object attribute = arguments.named().get("attribute");
    for (Object item : Values.iterate(value)) {
      run.step();
      if (attribute != null) {
        Object found = path(item, attribute, run);
        Object otherwise = arguments.named().get("default");
        mapped.add(found instanceof Undefined && otherwise != null ? otherwise : found);
      } else {
        mapped.add(Filters.apply(arguments.requireText(0, "filter"), item, arguments.rest(), run));
      }
    }
    return mapped;
  }

  private static Predicate<Object> byTest(Arguments arguments, Run run) {
    if (arguments.size() == 0) {
      return Values::truth;
    }
    String test = arguments.requireText(0, "test");
    Tests.require(test);
    return item -> Tests.holds(test, item, arguments.rest(), run);
  }

  private static Predicate<Object> byAttribute(Arguments arguments, Run run) {
    Object attribute = arguments.require(0, "attribute");
    Predicate<Object> rest = byTest(arguments.rest(), run);
    return item -> rest.test(path(item, attribute, run));
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

  /** An element with what it is put in order by. */
  private record Keyed(Object key, Object item) {
    static final Comparator<Keyed> ORDER = (a, b) -> Values.compare(a.key(), b.key());
  }

  private static List<Keyed> keyed(
      List<Object> items, Object attribute, boolean caseSensitive, Run run) {
    List<Keyed> keyed = new ArrayList<>();
    for (Object item : items) {
      Object key = attribute == None.NONE ? item : path(item, attribute, run);
      keyed.add(new Keyed(folded(key, caseSensitive, run), item));
    }
    return keyed;
  }

  private static Object folded(Object key, boolean caseSensitive, Run run) {
    if (caseSensitive || !(key instanceof String text)) {
      return key;
    }
    run.chargeLength(text.length());
    return text.toLowerCase(Locale.ROOT);
  }

  private static List<Object> sorted(List<Keyed> keyed, boolean reverse) {
    keyed.sort(reverse ? Keyed.ORDER.reversed() : Keyed.ORDER);
    List<Object> items = new ArrayList<>();
    keyed.forEach(entry -> items.add(entry.item()));
    return items;
  }

  private static Object sort(Object value, Arguments arguments, Run run) {
    boolean caseSensitive = arguments.flag(1, "case_sensitive", false);
    Object attribute = arguments.get(2, "attribute", None.NONE);
    return sorted(
        keyed(Values.iterate(value), attribute, caseSensitive, run),
        arguments.flag(0, "reverse", false));
  }

  private static Object dictSort(Object value, Arguments arguments, Run run) {
    if (!(value instanceof Map<?, ?> map)) {
      throw new TemplateException("dictsort needs a mapping");
    }
    long by = arguments.get(1, "by", "key").equals("value") ? 1 : 0;
    boolean caseSensitive = arguments.flag(0, "case_sensitive", false);
    return sorted(
        keyed(CollectionMethods.items(map), by, caseSensitive, run),
        arguments.flag(2, "reverse", false));
  }

  private static Object extreme(Object value, Arguments arguments, int sign, Run run) {
    List<Keyed> items =
        keyed(
            Values.iterate(value),
            arguments.get(1, "attribute", None.NONE),
            arguments.flag(0, "case_sensitive", false),
            run);
    if (items.isEmpty()) {
      return new Undefined("No aggregated item, sequence was empty.");
    }
    Keyed best = items.get(0);
    for (Keyed item : items) {
      best = Keyed.ORDER.compare(item, best) * sign > 0 ? item : best;
    }
    return best.item();
  }

  private static Object sum(Object value, Arguments arguments, Run run) {
    Object attribute = arguments.get(0, "attribute", None.NONE);
    Object total = arguments.get(1, "start", 0L);
    for (Object item : Values.iterate(value)) {
      Object added = attribute == None.NONE ? item : path(item, attribute, run);
      total = Operators.apply("+", total, added, run);
    }
    return total;
  }

  private static Object unique(Object value, Arguments arguments, Run run) {
    boolean caseSensitive = arguments.flag(0, "case_sensitive", false);
    Object attribute = arguments.get(1, "attribute", None.NONE);
    Set<Object> keys = new HashSet<>();
    List<Object> kept = new ArrayList<>();
    for (Keyed entry : keyed(Values.iterate(value), attribute, caseSensitive, run)) {
      run.makeItem();
      if (keys.add(Values.hashed(Values.requireKey(entry.key())))) {
        kept.add(entry.item());
      }
    }
    return kept;
  }

  private static Object batch(Object value, Arguments arguments, Run run) {
    long size = Math.max(1, arguments.number(0, "linecount", 1));
    Object filler = arguments.get(1, "fill_with", None.NONE);
    List<Object> batches = new ArrayList<>();
    List<Object> items = Values.iterate(value);
    for (int i = 0; i < items.size(); i += (int) Math.min(size, items.size())) {
      int end = (int) Math.min(items.size(), i + size);
      List<Object> batch = new ArrayList<>(items.subList(i, end));
      run.makeObject(batch.size());
      while (filler != None.NONE && batch.size() < size) {
        run.makeItem();
        run.step();
        batch.add(filler);
      }
      batches.add(batch);
    }
    return batches;
  }
}
