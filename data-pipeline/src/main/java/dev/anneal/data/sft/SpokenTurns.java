package dev.anneal.data.sft;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.anneal.data.chat.ChatMessage;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Turns of {@code from} and {@code value}, or pairs of {@code human} and {@code assistant}. Two
 * turns of one side in a row, or an answer before any question, are refused: such rows are cut
 * badly. Immutable.
 */
final class SpokenTurns {
  private static final String HUMAN = "human";

  private final RowFields fields;
  private final SpeakerTags tags;
  private final String name;

  SpokenTurns(RowFields fields) {
    this.fields = fields;
    this.tags = new SpeakerTags(fields.columns());
    this.name =
        fields.has("conversations") || !fields.has("conversation")
            ? "conversations"
            : "conversation";
  }

  void addTo(List<ChatMessage> messages) {
    int index = 0;
    for (JsonNode turn : fields.requireList(name)) {
      String where = fields.column(name) + "[" + index++ + "]";
      if (turn.has(HUMAN) && turn.has(ChatMessage.ASSISTANT)) {
        for (String side : List.of(HUMAN, ChatMessage.ASSISTANT)) {
          String role = side.equals(HUMAN) ? ChatMessage.USER : side;
          messages.add(new ChatMessage(role, RowFields.text(turn.get(side), where + "." + side)));
        }
      } else {
        ChatMessage message = message(turn, where);
        requireOrder(messages, message, where);
        messages.add(message);
      }
    }
  }

  private ChatMessage message(JsonNode turn, String where) {
    String from = tags.roleField("from");
    String value = tags.contentField("value");
    if (!turn.isObject() || !turn.has(from) || !turn.has(value)) {
      throw new RowShapeException(
          "field '" + where + "' must have '" + from + "' and '" + value + "'");
    }
    String speaker = RowFields.text(turn.get(from), where + "." + from);
    String said = RowFields.text(turn.get(value), where + "." + value);
    String role =
        tags.role(speaker)
            .orElseThrow(
                () ->
                    new RowShapeException(
                        "field '"
                            + where
                            + "."
                            + from
                            + "' is '"
                            + speaker
                            + "' (must be human, gpt, assistant, system or tool)"));
    Map<String, JsonNode> given = new LinkedHashMap<>();
    boolean calls = role.equals(SpeakerTags.FUNCTION_CALL);
    given.put("role", TextNode.valueOf(calls ? ChatMessage.ASSISTANT : role));
    given.put("content", TextNode.valueOf(calls ? "" : said));
    if (calls) {
      given.put("tool_calls", calls(said, where + "." + value));
    }
    return new ChatMessage(given, MessageList.trained(turn, where));
  }

  /** Calls written as {@code {"name": ..., "arguments": {...}}}, one or a list. */
  private static ArrayNode calls(String said, String where) {
    JsonNode written = RowFields.structure(TextNode.valueOf(said), where);
    ArrayNode calls = JsonNodeFactory.instance.arrayNode();
    for (JsonNode call : written.isArray() ? written : calls.arrayNode().add(written)) {
      if (!call.path("name").isTextual() || !call.has("arguments")) {
        throw new RowShapeException("field '" + where + "' must have 'name' and 'arguments'");
      }
      ObjectNode outer = calls.addObject();
      outer.put("type", "function");
      outer.set("function", call);
    }
    return calls;
  }

  private static void requireOrder(List<ChatMessage> before, ChatMessage message, String where) {
    boolean opening = before.stream().allMatch(ChatMessage::isSystem);
    if (message.isSystem() && !opening) {
      throw new RowShapeException("field '" + where + "' is the system's (must come first)");
    }
    if (message.fromAssistant() && opening) {
      throw new RowShapeException(
          "field '" + where + "' is the assistant's (must follow what a human says)");
    }
    boolean again = !opening && before.get(before.size() - 1).role().equals(message.role());
    if (again && !message.role().equals(SpeakerTags.TOOL)) {
      throw new RowShapeException(
          "field '"
              + where
              + "' is of the same role as the one before it: "
              + message.role()
              + " (roles must alternate)");
    }
  }
}
