package dev.anneal.data.chat.jinja.tree;

import dev.anneal.data.chat.jinja.value.Scope;

/** {@code macro name(parameters)} ... {@code endmacro}. */
public record MacroStatement(String name, Macro macro) implements Statement {
  @Override
  public Flow execute(Scope scope) {
    scope.set(name, macro.bind(scope));
    return Flow.NEXT;
  }
}
