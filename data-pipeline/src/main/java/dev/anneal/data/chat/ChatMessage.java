package dev.anneal.data.chat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One message of a conversation. Immutable by convention: nobody writes into the nodes.
 *
 * @param fields all that a template may read, in order: {@code role}, {@code content} (a text, or a
 *     list of parts), {@code tool_calls}, {@code reasoning_content}, ...; those that are null are
 *     left out, as transformers does
 * @param train whether the message has a loss, where its author says so; the mask rules otherwise
 */
public record ChatMessage(Map<String, JsonNode> fields, Optional<Boolean> train) {
  public static final String SYSTEM = "system";
  public static final String USER = "user";
  public static final String ASSISTANT = "assistant";

  private static final String ROLE = "role";
  private static final String CONTENT = "content";
  private static final String TEXT = "text";

  /** The one that templates read first. */
  static final List<String> REASONING = List.of("reasoning_content", "thinking", "reasoning");

  public ChatMessage {
    Map<String, JsonNode> given = new LinkedHashMap<>(fields);
    given.values().removeIf(JsonNode::isNull);
    fields = Collections.unmodifiableMap(given);
    if (!fields.containsKey(ROLE) || fields.get(ROLE).asText().isEmpty()) {
      throw new IllegalArgumentException("Invalid role: '' (must not be empty)");
    }
  }

  public ChatMessage(String role, String content) {
    this(role, content, Map.of());
  }

  /** A text with further fields. */
  public ChatMessage(String role, String content, Map<String, JsonNode> extra) {
    this(textFirst(role, content, extra), Optional.empty());
  }

  private static Map<String, JsonNode> textFirst(
      String role, String content, Map<String, JsonNode> extra) {
    Map<String, JsonNode> fields = new LinkedHashMap<>();
    fields.put(ROLE, TextNode.valueOf(role));
    fields.put(CONTENT, TextNode.valueOf(content));
    fields.putAll(extra);
    return fields;
  }

  /** Who speaks: {@code system}, {@code user}, {@code assistant}, {@code tool}, ... */
  public String role() {
    return fields.get(ROLE).asText();
  }

  /** What is said, as it stands: the texts of all parts; empty where there is none. */
  public String content() {
    JsonNode content = fields.get(CONTENT);
    if (content == null || !content.isArray()) {
      return content == null ? "" : content.asText();
    }
    StringBuilder text = new StringBuilder();
    content.forEach(
        part -> text.append(part.isTextual() ? part.asText() : part.path(TEXT).asText()));
    return text.toString();
  }

  public boolean has(String field) {
    return fields.containsKey(field);
  }

  /** The reasoning before the content, under whichever of its names the message carries it. */
  public Optional<JsonNode> reasoning() {
    return REASONING.stream().filter(fields::containsKey).map(fields::get).findFirst();
  }

  public boolean isSystem() {
    return role().equals(SYSTEM);
  }

  public boolean fromAssistant() {
    return role().equals(ASSISTANT);
  }

  /** The same message with one text in place of several parts. */
  public ChatMessage flattened() {
    return fields.containsKey(CONTENT) && fields.get(CONTENT).isArray()
        ? with(CONTENT, content())
        : this;
  }

  /** The last text of several parts. */
  Optional<String> lastText() {
    JsonNode parts = fields.get(CONTENT);
    int index = firstText(parts, true);
    return index < 0 ? Optional.empty() : Optional.of(parts.get(index).get(TEXT).asText());
  }

  /** The same message with a text before its content; before the first text of several parts. */
  public ChatMessage withBefore(String text) {
    JsonNode content = fields.get(CONTENT);
    return content != null && content.isArray()
        ? withPart((ArrayNode) content, firstText(content, false), text, "")
        : with(CONTENT, text + content());
  }

  /** The same message with a text behind its content; behind the last text of several parts. */
  public ChatMessage withAfter(String text) {
    JsonNode content = fields.get(CONTENT);
    return content != null && content.isArray()
        ? withPart((ArrayNode) content, firstText(content, true), "", text)
        : with(CONTENT, content() + text);
  }

  private ChatMessage with(String name, String text) {
    return with(name, TextNode.valueOf(text));
  }

  ChatMessage with(String name, JsonNode value) {
    Map<String, JsonNode> changed = new LinkedHashMap<>(fields);
    changed.put(name, value);
    return new ChatMessage(changed, train);
  }

  /** The same message without a field. */
  public ChatMessage without(String field) {
    Map<String, JsonNode> changed = new LinkedHashMap<>(fields);
    changed.remove(field);
    return new ChatMessage(changed, train);
  }

  /** The same message with a loss, or without one, whatever the mask says. */
  public ChatMessage withTrain(boolean trained) {
    return new ChatMessage(fields, Optional.of(trained));
  }

  private static int firstText(JsonNode parts, boolean fromBehind) {
    for (int n = 0; n < parts.size(); n++) {
      int index = fromBehind ? parts.size() - 1 - n : n;
      if (parts.get(index).path(TEXT).isTextual()) {
        return index;
      }
    }
    return -1;
  }

  private ChatMessage withPart(ArrayNode parts, int index, String before, String after) {
    ArrayNode changed = parts.deepCopy();
    if (index < 0) {
      ObjectNode part = JsonNodeFactory.instance.objectNode();
      changed.add(part.put("type", TEXT).put(TEXT, before + after));
    } else {
      ObjectNode part = (ObjectNode) changed.get(index);
      part.put(TEXT, before + part.get(TEXT).asText() + after);
    }
    return with(CONTENT, changed);
  }
}
