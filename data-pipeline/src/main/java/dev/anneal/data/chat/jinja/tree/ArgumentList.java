package dev.anneal.data.chat.jinja.tree;

import dev.anneal.data.chat.jinja.value.Arguments;
import dev.anneal.data.chat.jinja.value.PythonText;
import dev.anneal.data.chat.jinja.value.Scope;
import dev.anneal.data.chat.jinja.value.TemplateException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Arguments as they are written: {@code (a, *b, c=d, **e)}.
 *
 * @param positional with {@code spread} at the same place true for {@code *b}
 */
public record ArgumentList(
    List<Expression> positional,
    List<Boolean> spread,
    Map<String, Expression> named,
    List<Expression> spreadNamed) {
  public static final ArgumentList EMPTY =
      new ArgumentList(List.of(), List.of(), Map.of(), List.of());

  public static ArgumentList of(Expression single) {
    return new ArgumentList(List.of(single), List.of(false), Map.of(), List.of());
  }

  Arguments evaluate(Scope scope) {
    if (positional.isEmpty() && named.isEmpty() && spreadNamed.isEmpty()) {
      return Arguments.NONE;
    }
    List<Object> values = new ArrayList<>();
    for (int i = 0; i < positional.size(); i++) {
      Object value = positional.get(i).evaluate(scope);
      if (spread.get(i)) {
        values.addAll(scope.run().iterate(value));
      } else {
        values.add(value);
      }
    }
    Map<String, Object> byName = new LinkedHashMap<>();
    named.forEach((name, value) -> byName.put(name, value.evaluate(scope)));
    for (Expression source : spreadNamed) {
      if (!(source.evaluate(scope) instanceof Map<?, ?> map)) {
        throw new TemplateException("argument after ** must be a mapping");
      }
      scope.run().chargeValue(map);
      scope.run().makeObject(2L * map.size());
      map.forEach((name, value) -> byName.put(PythonText.str(name), value));
    }
    return new Arguments(values, byName);
  }
}
