package dev.anneal.jobs.tokenize.choose;

import dev.anneal.data.chat.ChatMessage;
import dev.anneal.data.config.InputConfig;
import dev.anneal.data.config.TokenizeConfig;
import dev.anneal.data.read.DocumentText;
import dev.anneal.data.read.JsonRows;
import dev.anneal.data.read.SourceRow;
import dev.anneal.data.read.WellFormedUtf8;
import dev.anneal.data.sft.ConversationMapper;
import dev.anneal.data.sft.MappedRow;
import dev.anneal.data.tokenize.WholeCharacters;
import dev.anneal.jobs.tokenize.encode.ConversationEncoder;
import dev.anneal.jobs.tokenize.encode.DocumentEncoder;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The text of a row as steps before tokenizing see it: a document's text, or the contents of a
 * conversation's messages joined by newlines. Immutable and thread-safe.
 */
public final class StepsText {
  private final Optional<ConversationMapper> conversations;
  private final String field;

  private StepsText(Optional<ConversationMapper> conversations, String field) {
    this.conversations = conversations;
    this.field = field;
  }

  public static StepsText of(TokenizeConfig.Stage stage, InputConfig input) {
    boolean chats = stage == TokenizeConfig.Stage.SFT;
    return new StepsText(
        chats ? Optional.of(ConversationEncoder.mapper(input)) : Optional.empty(),
        input.columns().getOrDefault("text", "text"));
  }

  /** The text, or empty for a row that cannot be used: that is for the encoder to say. */
  public Optional<String> of(SourceRow row, InputConfig.Format format) {
    if (!row.fault().isEmpty()) {
      return Optional.empty();
    }
    try {
      if (conversations.isPresent()) {
        return conversation(conversations.get(), row);
      }
      return Optional.of(
          isPlain(format)
              ? DocumentText.ofUtf8(row.content())
              : DocumentText.ofField(JsonRows.object(row.content()), field));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static boolean isPlain(InputConfig.Format format) {
    return format == InputConfig.Format.TEXT || format == InputConfig.Format.LINES;
  }

  /**
   * The text of a document; {@link IllegalArgumentException} says what is wrong with the row, in
   * the words of {@link DocumentEncoder}.
   */
  public String document(SourceRow row, InputConfig.Format format) {
    if (!row.fault().isEmpty()) {
      throw new IllegalArgumentException(row.fault());
    }
    if (!isPlain(format)) {
      String text = DocumentText.ofField(JsonRows.object(row.content()), field);
      WholeCharacters.require(text);
      return text;
    }
    if (!WellFormedUtf8.isText(row.bytes(), row.start(), row.end())) {
      throw new IllegalArgumentException("not UTF-8 text");
    }
    return DocumentText.ofUtf8(row.content());
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
