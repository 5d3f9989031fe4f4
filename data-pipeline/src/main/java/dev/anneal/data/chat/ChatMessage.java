package dev.anneal.data.chat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

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

  public ChatMessage {
    if (role.isEmpty()) {
      throw new IllegalArgumentException("Invalid role: '' (must not be empty)");
    }
    extra = Collections.unmodifiableMap(new LinkedHashMap<>(extra));
  }

  public ChatMessage(String role, String content) {
    this(role, content, Map.of());
  }

  public boolean fromAssistant() {
    return role.equals(ASSISTANT);
  }

  /** The same message with other content. */
  public ChatMessage withContent(String other) {
    return new ChatMessage(role, other, extra);
  }
}
