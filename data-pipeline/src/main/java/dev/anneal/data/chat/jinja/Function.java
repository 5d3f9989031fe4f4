package dev.anneal.data.chat.jinja;

/** Something a template can call: a global, a macro, a method bound to its value. */
@FunctionalInterface
interface Function {
  Object call(Arguments arguments, Run run);
}
