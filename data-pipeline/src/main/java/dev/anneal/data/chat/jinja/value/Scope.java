package dev.anneal.data.chat.jinja.value;

import java.util.HashMap;
import java.util.Map;

/** Names in reach of a statement. Loops and macros open inner scopes; {@code if} does not. */
public final class Scope {
  private final Run run;
  private final Map<String, Object> names = new HashMap<>();
  private final Scope outer;

  private Scope(Run run, Scope outer) {
    this.run = run;
    this.outer = outer;
  }

  public static Scope root(Run run, Map<String, Object> names) {
    Scope scope = new Scope(run, null);
    scope.names.putAll(names);
    return scope;
  }

  public Scope inner() {
    return new Scope(run, this);
  }

  public Run run() {
    return run;
  }

  public void set(String name, Object value) {
    names.put(name, value);
  }

  public Object find(String name) {
    for (Scope scope = this; scope != null; scope = scope.outer) {
      Object value = scope.names.get(name);
      if (value != null) {
        return value;
      }
    }
    return Undefined.name(name);
  }
}
