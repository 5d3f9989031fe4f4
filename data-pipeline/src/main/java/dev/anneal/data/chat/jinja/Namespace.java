package dev.anneal.data.chat.jinja;

import java.util.LinkedHashMap;
import java.util.Map;

/** Jinja's {@code namespace(...)}: the one value whose attributes a template can set. */
final class Namespace {
  private final Map<String, Object> attributes;

  Namespace(Map<String, Object> attributes) {
    this.attributes = new LinkedHashMap<>();
    attributes.forEach(this::set);
  }

  Object get(String name) {
    Object value = attributes.get(name);
    return value == null ? Undefined.member(this, name) : value;
  }

  void set(String name, Object value) {
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
