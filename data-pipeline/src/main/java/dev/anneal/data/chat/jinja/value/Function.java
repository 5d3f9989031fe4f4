package dev.anneal.data.chat.jinja.value;

/** Something a template can call: a global, a macro, a method bound to its value. */
@FunctionalInterface
public interface Function {
  Object call(Arguments arguments, Run run);
}
