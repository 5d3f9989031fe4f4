package dev.anneal.data.chat.jinja.value;

import java.util.List;
import java.util.Map;

/** Evaluated arguments of a call, a filter or a test. */
public record Arguments(List<Object> positional, Map<String, Object> named) {
  public static final Arguments NONE = new Arguments(List.of(), Map.of());

  static Arguments of(Object... values) {
    return new Arguments(List.of(values), Map.of());
  }

  public int size() {
    return positional.size();
  }

  /** The argument at a place or under a name, else the default. */
  public Object get(int index, String name, Object otherwise) {
    if (index < positional.size()) {
      return positional.get(index);
    }
    return named.getOrDefault(name, otherwise);
  }

  public Object require(int index, String name) {
    Object value = index < positional.size() ? positional.get(index) : named.get(name);
    if (value == null) {
      throw new TemplateException("argument '" + name + "' is missing");
    }
    return value;
  }

  public String requireText(int index, String name) {
    Object value = require(index, name);
    if (value instanceof String text) {
      return text;
    }
    throw new TemplateException(
        "argument '" + name + "' must be str, not " + PythonText.typeName(value));
  }

  public long number(int index, String name, long otherwise) {
    Object value = get(index, name, otherwise);
    if (value instanceof Long number) {
      return number;
    }
    throw new TemplateException(
        "argument '" + name + "' must be int, not " + PythonText.typeName(value));
  }

  public boolean flag(int index, String name, boolean otherwise) {
    return Values.truth(get(index, name, otherwise));
  }

  /** All but the first argument. */
  public Arguments rest() {
    return new Arguments(
        positional.subList(Math.min(1, positional.size()), positional.size()), named);
  }
}
