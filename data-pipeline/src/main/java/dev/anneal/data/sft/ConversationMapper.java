package dev.anneal.data.sft;

import com.fasterxml.jackson.databind.JsonNode;
import dev.anneal.data.chat.ChatMessage;
import dev.anneal.data.chat.Conversation;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Turns rows of a dataset into conversations. Immutable and thread-safe. */
public final class ConversationMapper {
  private final Optional<DatasetFormat> format;
  private final Map<String, String> columns;

  private ConversationMapper(Optional<DatasetFormat> format, Map<String, String> columns) {
    this.format = format;
    this.columns = Map.copyOf(columns);
  }

  /** Tells each row's format by its fields. */
  public static ConversationMapper detecting() {
    return new ConversationMapper(Optional.empty(), Map.of());
  }

  /**
   * Reads every row in one format.
   *
   * @param columns a row's own field names by the format's, where they differ, for example {@code
   *     instruction -> question}
   */
  public static ConversationMapper of(DatasetFormat format, Map<String, String> columns) {
    return new ConversationMapper(Optional.of(format), columns);
  }

  public MappedRow map(JsonNode row) {
    if (!row.isObject()) {
      return new MappedRow.Bad("row is no JSON object");
    }
    Optional<DatasetFormat> shape = format.or(() -> DatasetFormat.detect(row));
    if (shape.isEmpty()) {
      return new MappedRow.Bad(
          "unknown shape (expected instruction + output, conversations, messages, or prompt +"
              + " completion)");
    }
    RowFields fields = new RowFields(row, columns);
    try {
      return new MappedRow.Mapped(
          switch (shape.get()) {
            case ALPACA -> alpaca(fields);
            case SHAREGPT -> shareGpt(fields);
            case MESSAGES -> messages(fields);
            case PROMPT_COMPLETION -> promptCompletion(fields);
          });
    } catch (RowShapeException e) {
      return new MappedRow.Bad(e.getMessage());
    }
  }

  private static Conversation alpaca(RowFields fields) {
    String instruction = fields.requireText("instruction");
    String input = fields.optionalText("input");
    String answer = fields.requireText("output");
    List<ChatMessage> messages = new ArrayList<>();
    addSystem(fields, messages);
    for (JsonNode pair : fields.optionalList("history")) {
      if (!pair.isArray() || pair.size() != 2) {
        throw new RowShapeException(
            "field '" + fields.column("history") + "' must hold [user, assistant] pairs");
      }
      messages.add(new ChatMessage(ChatMessage.USER, RowFields.text(pair.get(0), "history")));
      messages.add(new ChatMessage(ChatMessage.ASSISTANT, RowFields.text(pair.get(1), "history")));
    }
    if (instruction.isEmpty() && input.isEmpty()) {
      throw new RowShapeException("field '" + fields.column("instruction") + "' is empty");
    }
    String separator = instruction.isEmpty() || input.isEmpty() ? "" : "\n";
    messages.add(new ChatMessage(ChatMessage.USER, instruction + separator + input));
    messages.add(new ChatMessage(ChatMessage.ASSISTANT, answer));
    return new Conversation(messages, Map.of());
  }

  private static Conversation shareGpt(RowFields fields) {
    List<ChatMessage> messages = new ArrayList<>();
    addSystem(fields, messages);
    for (JsonNode turn : fields.requireList("conversations")) {
      String where = fields.column("conversations") + "[" + messages.size() + "]";
      if (!turn.isObject() || !turn.has("from") || !turn.has("value")) {
        throw new RowShapeException("field '" + where + "' must have 'from' and 'value'");
      }
      String speaker = RowFields.text(turn.get("from"), where + ".from");
      String said = RowFields.text(turn.get("value"), where + ".value");
      messages.add(new ChatMessage(role(speaker, where), said));
    }
    return new Conversation(messages, Map.of());
  }

  private static String role(String speaker, String where) {
    return switch (speaker) {
      case "human", "user" -> ChatMessage.USER;
      case "gpt", "assistant", "chatgpt", "model" -> ChatMessage.ASSISTANT;
      case "system" -> ChatMessage.SYSTEM;
      case "tool", "observation" -> "tool";
      default ->
          throw new RowShapeException(
              "field '"
                  + where
                  + ".from' is '"
                  + speaker
                  + "' (must be human, gpt, assistant, system or tool)");
    };
  }

  private static Conversation messages(RowFields fields) {
    String name = fields.get("messages").isMissingNode() ? "conversations" : "messages";
    List<ChatMessage> messages = new ArrayList<>();
    addMessages(fields, name, messages);
    JsonNode tools = fields.get("tools");
    Map<String, JsonNode> variables =
        tools.isArray() && !tools.isEmpty() ? Map.of("tools", tools) : Map.of();
    return new Conversation(messages, variables);
  }

  private static Conversation promptCompletion(RowFields fields) {
    List<ChatMessage> messages = new ArrayList<>();
    addSystem(fields, messages);
    for (String name : List.of("prompt", "completion")) {
      if (fields.get(name).isArray()) {
        addMessages(fields, name, messages);
      } else {
        String role = name.equals("prompt") ? ChatMessage.USER : ChatMessage.ASSISTANT;
        messages.add(new ChatMessage(role, fields.requireText(name)));
      }
    }
    return new Conversation(messages, Map.of());
  }

  private static void addSystem(RowFields fields, List<ChatMessage> messages) {
    String system = fields.optionalText("system");
    if (!system.isEmpty()) {
      messages.add(new ChatMessage(ChatMessage.SYSTEM, system));
    }
  }

  private static void addMessages(RowFields fields, String name, List<ChatMessage> messages) {
    int index = 0;
    for (JsonNode message : fields.requireList(name)) {
      String where = fields.column(name) + "[" + index++ + "]";
      String role = RowFields.text(message.path("role"), where + ".role");
      if (role.isEmpty()) {
        throw new RowShapeException("field '" + where + "' has no role");
      }
      Map<String, JsonNode> extra = new LinkedHashMap<>();
      message.fields().forEachRemaining(field -> extra.put(field.getKey(), field.getValue()));
      extra.keySet().removeAll(List.of("role", "content"));
      extra.values().removeIf(JsonNode::isNull);
      messages.add(new ChatMessage(role, content(message.path("content"), where), extra));
    }
  }

  /** Content is a text or a list of parts; of parts, texts only. */
  private static String content(JsonNode content, String where) {
    if (!content.isArray()) {
      return RowFields.text(content, where + ".content");
    }
    StringBuilder text = new StringBuilder();
    for (JsonNode part : content) {
      if (!part.path("text").isTextual()) {
        throw new RowShapeException("field '" + where + ".content' has a part that is no text");
      }
      text.append(part.path("text").textValue());
    }
    return text.toString();
  }
}
