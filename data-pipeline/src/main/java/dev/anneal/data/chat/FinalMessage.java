package dev.anneal.data.chat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.anneal.data.chat.jinja.value.Rendering;
import dev.anneal.data.chat.jinja.value.TemplateException;
import java.util.List;
import java.util.Optional;

/**
 * The last message of a conversation that the model is to go on with: a tag behind its words shows
 * where the rendering is to end. Immutable.
 */
record FinalMessage(ChatTemplate template, Conversation conversation, String field) {
  private static final String BARE_TAG = "CONTINUE_FINAL_MESSAGE_TAG";

  /** The space shows whether the template keeps white space at the end of a message. */
  private static final String TAG = BARE_TAG + " ";

  Rendering render() {
    if (conversation.messages().isEmpty()) {
      throw new TemplateException("there is no final message to continue");
    }
    int last = conversation.messages().size() - 1;
    ChatMessage message = conversation.messages().get(last);
    boolean reasoning = ChatMessage.REASONING.contains(field);
    // Reasoning goes by several names, and the template reads one of them.
    List<String> names = reasoning ? ChatMessage.REASONING : List.of(field);
    if (names.stream().noneMatch(template.source()::contains)) {
      throw new TemplateException("the chat template does not read '" + field + "'");
    }
    JsonNode said =
        Optional.ofNullable(message.fields().get(field))
            .or(() -> reasoning ? message.reasoning() : Optional.empty())
            .orElseThrow(this::nothing);
    if (said.isArray()) {
      String text = message.lastText().orElseThrow(this::nothing);
      return cut(template.render(conversation.with(last, message.withAfter(TAG))), text);
    }
    if (!said.isTextual()) {
      throw new TemplateException("the final message's '" + field + "' is no text to continue");
    }
    ChatMessage tagged = message;
    for (String name : names) {
      if (!reasoning || said.equals(message.fields().get(name))) {
        tagged = tagged.with(name, TextNode.valueOf(said.asText() + TAG));
      }
    }
    return cut(template.render(conversation.with(last, tagged)), said.asText());
  }

  private static Rendering cut(Rendering whole, String said) {
    int tag = whole.text().lastIndexOf(BARE_TAG);
    if (tag < 0 || !whole.holds(said)) {
      throw new TemplateException("the chat template does not show the final message as it is");
    }
    Rendering before = whole.until(tag);
    return whole.text().startsWith(TAG, tag) ? before : before.trimmed();
  }

  private TemplateException nothing() {
    return new TemplateException("the final message has no '" + field + "' to continue");
  }
}
