package dev.anneal.data.chat.jinja.builtin;

import dev.anneal.data.chat.jinja.value.Function;
import dev.anneal.data.chat.jinja.value.None;
import dev.anneal.data.chat.jinja.value.PythonText;
import dev.anneal.data.chat.jinja.value.TemplateException;
import dev.anneal.data.chat.jinja.value.Tuple;
import dev.anneal.data.chat.jinja.value.Undefined;
import dev.anneal.data.chat.jinja.value.Values;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Methods of lists and dicts. Those that would change one are refused, as in the sandbox. */
final class CollectionMethods {
  private static final Set<String> DICT_CHANGES =
      Set.of("clear", "pop", "popitem", "setdefault", "update");
  private static final Set<String> LIST_CHANGES =
      Set.of("append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort");

  private CollectionMethods() {}

  static Object find(Map<?, ?> map, String name) {
    if (DICT_CHANGES.contains(name)) {
      return refused(name);
    }
    return switch (name) {
      case "items" -> (Function) (arguments, run) -> items(map);
      case "keys" -> (Function) (arguments, run) -> new ArrayList<Object>(map.keySet());
      case "values" -> (Function) (arguments, run) -> new ArrayList<Object>(map.values());
      case "copy" -> (Function) (arguments, run) -> new LinkedHashMap<Object, Object>(map);
      case "get" ->
          (Function)
              (arguments, run) -> {
                Object value = map.get(Values.requireKey(arguments.require(0, "key")));
                return value == null ? arguments.get(1, "default", None.NONE) : value;
              };
      default -> Undefined.member(map, name);
    };
  }

  static Object find(List<?> list, String name) {
    if (LIST_CHANGES.contains(name)) {
      return refused(name);
    }
    return switch (name) {
      case "copy" -> (Function) (arguments, run) -> new ArrayList<Object>(list);
      case "count" ->
          (Function)
              (arguments, run) -> {
                run.chargeWalk(list);
                run.chargeWalk(arguments.require(0, "value"));
                return list.stream()
                    .filter(i -> Values.equal(i, arguments.require(0, "value")))
                    .count();
              };
      case "index" ->
          (Function)
              (arguments, run) -> {
                run.chargeWalk(list);
                run.chargeWalk(arguments.require(0, "value"));
                return index(list, arguments.require(0, "value"));
              };
      default -> Undefined.member(list, name);
    };
  }

  static List<Object> items(Map<?, ?> map) {
    List<Object> pairs = new ArrayList<>();
    map.forEach((key, value) -> pairs.add(Tuple.of(key, value)));
    return pairs;
  }

  private static Object index(List<?> list, Object value) {
    for (int i = 0; i < list.size(); i++) {
      if (Values.equal(list.get(i), value)) {
        return (long) i;
      }
    }
    throw new TemplateException(PythonText.brief(value) + " is not in list");
  }

  private static Function refused(String name) {
    return (arguments, run) -> {
      throw new TemplateException("'" + name + "' would change a value, which templates may not");
    };
  }
}
