package dev.anneal.data.chat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Messages in order, with what else the template may read. Immutable.
 *
 * @param variables template variables of this conversation, for example {@code tools} or {@code
 *     enable_thinking}
 */
public record Conversation(List<ChatMessage> messages, Map<String, JsonNode> variables) {
  public Conversation {
    messages = List.copyOf(messages);
    variables = Collections.unmodifiableMap(new LinkedHashMap<>(variables));
  }

  public static Conversation of(ChatMessage... messages) {
    return new Conversation(List.of(messages), Map.of());
  }

  /** The first messages only. */
  public Conversation first(int count) {
    return new Conversation(messages.subList(0, count), variables);
  }

  /** The same conversation with another message at a place. */
  public Conversation with(int index, ChatMessage message) {
    List<ChatMessage> changed = new ArrayList<>(messages);
    changed.set(index, message);
    return new Conversation(changed, variables);
  }

  /** The same conversation with one text in place of several parts, for templates without them. */
  public Conversation flattened() {
    return new Conversation(messages.stream().map(ChatMessage::flattened).toList(), variables);
  }
}
