package dev.anneal.data.chat.jinja;

/** Python's {@code None}. */
enum None {
  NONE
}
