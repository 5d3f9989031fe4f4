package dev.anneal.data.sft;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.anneal.data.chat.ChatMessage;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A field of messages with {@code role} and {@code content}, further fields for the template, and
 * whether a message has a loss. Immutable.
 */
record MessageList(RowFields fields, String name) {
  private static final String TOOL_CALLS = "tool_calls";

  void addTo(List<ChatMessage> messages) {
    int index = 0;
    for (JsonNode message : fields.requireList(name)) {
      messages.add(message(message, fields.column(name) + "[" + index++ + "]"));
    }
  }

  private ChatMessage message(JsonNode message, String where) {
    if (!message.isObject()) {
      throw RowFields.wrongKind(message, where, "an object with role and content");
    }
    SpeakerTags tags = new SpeakerTags(fields.columns());
    String roleField = tags.roleField("role");
    String contentField = tags.contentField("content");
    String speaker = RowFields.text(message.path(roleField), where + "." + roleField);
    if (speaker.isEmpty()) {
      throw new RowShapeException("field '" + where + "' has no " + roleField);
    }
    requireText(message.path(contentField), where + "." + contentField);
    Map<String, JsonNode> given = new LinkedHashMap<>();
    message.fields().forEachRemaining(field -> given.put(field.getKey(), field.getValue()));
    if (!contentField.equals("content")) {
      given.put("content", message.path(contentField));
      given.values().removeIf(JsonNode::isMissingNode);
    }
    given.put("role", TextNode.valueOf(tags.configured(speaker).orElse(speaker)));
    if (message.path(TOOL_CALLS).isTextual()) {
      given.put(TOOL_CALLS, calls(message.path(TOOL_CALLS), where + "." + TOOL_CALLS));
    }
    return new ChatMessage(given, trained(message, where));
  }

  private static void requireText(JsonNode content, String where) {
    if (!content.isArray()) {
      RowFields.text(content, where);
      return;
    }
    for (JsonNode part : content) {
      if (!part.isTextual() && !part.path("text").isTextual()) {
        throw new RowShapeException("field '" + where + "' has a part that is no text");
      }
    }
  }

  private static JsonNode calls(JsonNode text, String where) {
    JsonNode calls = RowFields.structure(text, where);
    if (!calls.isArray()) {
      throw RowFields.wrongKind(calls, where, "a list, or a list as JSON text");
    }
    return calls;
  }

  /**
   * Whether the message says that it has a loss: {@code train}, OpenAI's {@code weight} or {@code
   * loss}.
   */
  static Optional<Boolean> trained(JsonNode message, String where) {
    for (String name : List.of("train", "loss")) {
      JsonNode flag = message.path(name);
      if (flag.isBoolean()) {
        return Optional.of(flag.booleanValue());
      }
      if (!flag.isMissingNode() && !flag.isNull()) {
        throw RowFields.wrongKind(flag, where + "." + name, "true or false");
      }
    }
    JsonNode weight = message.path("weight");
    if (weight.isMissingNode() || weight.isNull()) {
      return Optional.empty();
    }
    if (!weight.isNumber() || (weight.asDouble() != 0 && weight.asDouble() != 1)) {
      throw new RowShapeException(
          "field '" + where + ".weight' is " + weight + " (must be 0 or 1)");
    }
    return Optional.of(weight.asDouble() == 1);
  }
}
