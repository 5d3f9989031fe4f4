package dev.anneal.jobs.tokenize;

import dev.anneal.core.config.InputConfig;
import dev.anneal.core.config.TokenizeConfig;
import dev.anneal.data.chat.ChatMessage;
import dev.anneal.data.read.DocumentText;
import dev.anneal.data.read.JsonRows;
import dev.anneal.data.read.SourceRow;
import dev.anneal.data.sft.ConversationMapper;
import dev.anneal.data.sft.MappedRow;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The text of a row as steps before tokenizing see it: a document's text, or the contents of a
 * conversation's messages joined by newlines. Immutable and thread-safe.
 */
final class RowText {
  private final Optional<ConversationMapper> conversations;
  private final String field;

  private RowText(Optional<ConversationMapper> conversations, String field) {
    this.conversations = conversations;
    this.field = field;
  }

  static RowText of(TokenizeConfig.Stage stage, InputConfig input) {
    boolean chats = stage == TokenizeConfig.Stage.SFT;
    return new RowText(
        chats ? Optional.of(ConversationEncoder.mapper(input)) : Optional.empty(),
        input.columns().getOrDefault("text", "text"));
  }

  /** The text, or empty for a row that cannot be used: that is for the encoder to say. */
  Optional<String> of(SourceRow row, InputConfig.Format format) {
    if (!row.fault().isEmpty()) {
      return Optional.empty();
    }
    try {
      if (conversations.isPresent()) {
        return conversation(conversations.get(), row);
      }
      boolean plain = format == InputConfig.Format.TEXT || format == InputConfig.Format.LINES;
      return Optional.of(
          plain
              ? DocumentText.ofUtf8(row.content())
              : DocumentText.ofField(JsonRows.object(row.content()), field));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static Optional<String> conversation(ConversationMapper mapper, SourceRow row) {
    if (!(mapper.map(JsonRows.object(row.content())) instanceof MappedRow.Mapped mapped)) {
      return Optional.empty();
    }
    return Optional.of(
        mapped.conversation().messages().stream()
            .map(ChatMessage::content)
            .collect(Collectors.joining("\n")));
  }
}
