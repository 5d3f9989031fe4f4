package dev.anneal.data.chat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One message of a conversation. Immutable.
 *
 * @param role who speaks: {@code system}, {@code user}, {@code assistant}, {@code tool}, ...
 * @param content what is said, as it stands; may be empty
 * @param extra further fields that a template may read, for example {@code tool_calls} or {@code
 *     reasoning_content}
 */
public record ChatMessage(String role, String content, Map<String, JsonNode> extra) {
  public static final String SYSTEM = "system";
  public static final String USER = "user";
  public static final String ASSISTANT = "assistant";

  /** The one that templates read first. */
  private static final List<String> REASONING =
      List.of("reasoning_content", "thinking", "reasoning");

  public ChatMessage {
    if (role.isEmpty()) {
      throw new IllegalArgumentException("Invalid role: '' (must not be empty)");
    }
    extra = Collections.unmodifiableMap(new LinkedHashMap<>(extra));
  }

  public ChatMessage(String role, String content) {
    this(role, content, Map.of());
  }

  /** The reasoning before the content, under whichever of its names the message carries it. */
  public Optional<JsonNode> reasoning() {
    return REASONING.stream()
        .map(extra::get)
        .filter(node -> node != null && !node.isNull())
        .findFirst();
  }

  public boolean fromAssistant() {
    return role.equals(ASSISTANT);
  }

  /** The same message with other content. */
  public ChatMessage withContent(String other) {
    return new ChatMessage(role, other, extra);
  }
}
