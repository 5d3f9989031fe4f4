package dev.anneal.data.chat.jinja;

/** {@code macro name(parameters)} ... {@code endmacro}. */
record MacroStatement(String name, Macro macro) implements Statement {
  @Override
  public Flow execute(Scope scope) {
    scope.set(name, macro.bind(scope));
    return Flow.NEXT;
  }
}
