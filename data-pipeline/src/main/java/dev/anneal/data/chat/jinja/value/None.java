package dev.anneal.data.chat.jinja.value;

/** Python's {@code None}. */
public enum None {
  NONE
}
