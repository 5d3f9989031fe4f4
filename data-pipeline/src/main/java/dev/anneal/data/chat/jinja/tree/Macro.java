package dev.anneal.data.chat.jinja.tree;

import dev.anneal.data.chat.jinja.value.Arguments;
import dev.anneal.data.chat.jinja.value.Function;
import dev.anneal.data.chat.jinja.value.None;
import dev.anneal.data.chat.jinja.value.Scope;
import dev.anneal.data.chat.jinja.value.Tuple;
import dev.anneal.data.chat.jinja.value.Undefined;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Parameters, defaults (by parameter name) and body of a macro or of a call block. */
public record Macro(
    List<String> parameters, Map<String, Expression> defaults, List<Statement> body) {
  static final String CALLER = "caller";

  /** What the names in reach of a macro count as, which it keeps alive. */
  private static final int BOUND_ITEMS = 4;

  /** The macro as a value, reading outer names where it was defined. */
  Function bind(Scope definition) {
    definition.run().makeObject(BOUND_ITEMS);
    return (arguments, run) ->
        run.capture(() -> Statement.execute(body, enter(definition, arguments)));
  }

  private Scope enter(Scope definition, Arguments arguments) {
    Scope scope = definition.inner();
    Map<String, Object> extra = new LinkedHashMap<>(arguments.named());
    for (int i = 0; i < parameters.size(); i++) {
      String name = parameters.get(i);
      Object value = arguments.get(i, name, None.NONE);
      if (i >= arguments.size() && !extra.containsKey(name)) {
        value =
            defaults.containsKey(name)
                ? defaults.get(name).evaluate(scope)
                : new Undefined("parameter '" + name + "' was not provided");
      }
      extra.remove(name);
      scope.set(name, value);
    }
    if (extra.containsKey(CALLER)) {
      scope.set(CALLER, extra.remove(CALLER));
    }
    int surplus = Math.min(parameters.size(), arguments.size());
    scope.set("varargs", new Tuple(arguments.positional().subList(surplus, arguments.size())));
    scope.set("kwargs", extra);
    return scope;
  }
}
