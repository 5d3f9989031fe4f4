package dev.anneal.data.chat.jinja.tree;

import dev.anneal.data.chat.jinja.value.Namespace;
import dev.anneal.data.chat.jinja.value.Scope;
import dev.anneal.data.chat.jinja.value.TemplateException;
import dev.anneal.data.chat.jinja.value.Values;
import java.util.List;

/** What can stand left of {@code =}: a name, an attribute of a namespace, or several names. */
public sealed interface Target {
  void assign(Object value, Scope scope);

  /** {@code name}. */
  record Name(String name) implements Target {
    @Override
    public void assign(Object value, Scope scope) {
      scope.set(name, value);
    }
  }

  /** {@code namespace.attribute}. */
  record NamespaceAttribute(String namespace, String attribute) implements Target {
    @Override
    public void assign(Object value, Scope scope) {
      if (!(scope.find(namespace) instanceof Namespace found)) {
        throw new TemplateException("cannot assign attribute on non-namespace object");
      }
      found.set(attribute, value);
    }
  }

  /** {@code a, b}. */
  record Several(List<Target> targets) implements Target {
    @Override
    public void assign(Object value, Scope scope) {
      List<Object> values = Values.iterate(value);
      if (values.size() != targets.size()) {
        throw new TemplateException(
            "cannot unpack " + values.size() + " values to " + targets.size() + " names");
      }
      for (int i = 0; i < targets.size(); i++) {
        targets.get(i).assign(values.get(i), scope);
      }
    }
  }
}
