package dev.anneal.data.chat.jinja.value;

import java.util.LinkedHashMap;
import java.util.Map;

/** Jinja's {@code namespace(...)}: the one value whose attributes a template can set. */
public final class Namespace {
  private final Map<String, Object> attributes;

  public Namespace(Map<String, Object> attributes) {
    this.attributes = new LinkedHashMap<>();
    attributes.forEach(this::set);
  }

  public Object get(String name) {
    Object value = attributes.get(name);
    return value == null ? Undefined.member(this, name) : value;
  }

  public void set(String name, Object value) {
    if (name.startsWith("_")) {
      throw new TemplateException(
          "cannot store underscore-prefixed attribute '" + name + "' on a namespace");
    }
    attributes.put(name, value);
  }

  Map<String, Object> attributes() {
    return attributes;
  }
}
