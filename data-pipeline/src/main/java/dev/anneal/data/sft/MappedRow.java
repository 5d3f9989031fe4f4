package dev.anneal.data.sft;

import dev.anneal.data.chat.Conversation;

/** What a row of a dataset is as a conversation. */
public sealed interface MappedRow {
  /** A conversation; it may have no message or no answer. */
  record Mapped(Conversation conversation) implements MappedRow {}

  /** A row that does not have the shape of its format; the reason names the field. */
  record Bad(String reason) implements MappedRow {}
}
