package dev.anneal.data.chat.jinja.tree;

import dev.anneal.data.chat.jinja.value.Arguments;
import dev.anneal.data.chat.jinja.value.Function;
import dev.anneal.data.chat.jinja.value.PythonText;
import dev.anneal.data.chat.jinja.value.Scope;
import dev.anneal.data.chat.jinja.value.TemplateException;
import java.util.LinkedHashMap;
import java.util.Map;

/** {@code call(parameters) macro(arguments)} ... {@code endcall}: the body becomes the caller. */
public record CallStatement(Macro body, Expression callee, ArgumentList arguments)
    implements Statement {
  @Override
  public Flow execute(Scope scope) {
    Object function = callee.evaluate(scope);
    if (!(function instanceof Function callable)) {
      throw new TemplateException("'" + PythonText.typeName(function) + "' object is not callable");
    }
    Arguments given = arguments.evaluate(scope);
    Map<String, Object> named = new LinkedHashMap<>(given.named());
    named.put(Macro.CALLER, body.bind(scope));
    Object result = callable.call(new Arguments(given.positional(), named), scope.run());
    scope.run().write(scope.run().text(result));
    return Flow.NEXT;
  }
}
