package dev.anneal.data.sft;

import com.fasterxml.jackson.databind.JsonNode;
import dev.anneal.data.chat.ChatMessage;
import dev.anneal.data.chat.Conversation;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Turns rows of a dataset into conversations. Immutable and thread-safe. */
public final class ConversationMapper {
  /** Other frameworks' names of columns, by format, in a {@code columns} setting. */
  private static final Map<DatasetFormat, Map<String, String>> SYNONYMS =
      Map.of(
          DatasetFormat.ALPACA,
          Map.of("prompt", "instruction", "query", "input", "response", "output"),
          DatasetFormat.SHAREGPT,
          Map.of("messages", "conversations"));

  private static final List<String> STRUCTURES =
      List.of("tools", "documents", "chat_template_kwargs");

  private static final List<String> FIELDS =
      List.of(
          "messages",
          "conversations",
          "conversation",
          "instruction",
          "input",
          "output",
          "query",
          "response",
          "prompt",
          "completion",
          "system",
          "history",
          "tools",
          "documents",
          "chat_template_kwargs");

  private final Optional<DatasetFormat> format;
  private final Map<String, String> columns;

  private ConversationMapper(Optional<DatasetFormat> format, Map<String, String> columns) {
    this.format = format;
    this.columns = Map.copyOf(columns);
  }

  /** Tells each row's format by its fields. */
  public static ConversationMapper detecting() {
    return detecting(Map.of());
  }

  /** Tells each row's format by its fields, some of which have other names. */
  public static ConversationMapper detecting(Map<String, String> columns) {
    return new ConversationMapper(Optional.empty(), columns);
  }

  /**
   * Reads every row in one format.
   *
   * @param columns a row's own field names by the format's, where they differ, for example {@code
   *     instruction -> question}; names and values inside messages go by {@code role_tag}, {@code
   *     user_tag}, ...
   */
  public static ConversationMapper of(DatasetFormat format, Map<String, String> columns) {
    Map<String, String> own = new LinkedHashMap<>(columns);
    SYNONYMS
        .getOrDefault(format, Map.of())
        .forEach(
            (theirs, ours) -> {
              if (own.containsKey(theirs)) {
                own.putIfAbsent(ours, own.remove(theirs));
              }
            });
    return new ConversationMapper(Optional.of(format), own);
  }

  /** Every field that a row may be read from, some of which have other names. */
  public static Set<String> columns(Map<String, String> columns) {
    Set<String> names = new TreeSet<>(columns.values());
    for (String name : FIELDS) {
      names.add(columns.getOrDefault(name, name));
    }
    return names;
  }

  public MappedRow map(JsonNode row) {
    if (!row.isObject()) {
      return new MappedRow.Bad("row is no JSON object");
    }
    RowFields fields = new RowFields(row, columns);
    Optional<DatasetFormat> shape = format.or(() -> DatasetFormat.detect(fields));
    if (shape.isEmpty()) {
      return new MappedRow.Bad(
          "unknown shape (expected instruction + output, conversations, messages, prompt +"
              + " completion, or query + response)");
    }
    try {
      Conversation conversation = conversation(shape.get(), fields);
      return conversation.messages().isEmpty()
          ? new MappedRow.Bad("the conversation is empty")
          : new MappedRow.Mapped(conversation);
    } catch (RowShapeException e) {
      return new MappedRow.Bad(e.getMessage());
    }
  }

  private static Conversation conversation(DatasetFormat format, RowFields fields) {
    fields.requireFinite(STRUCTURES);
    fields.requireFinite(format.structures());
    List<ChatMessage> messages = new ArrayList<>();
    String system = fields.optionalText("system");
    if (!system.isEmpty()) {
      messages.add(new ChatMessage(ChatMessage.SYSTEM, system));
    }
    switch (format) {
      case ALPACA -> alpaca(fields, messages);
      case QUERY_RESPONSE -> {
        history(fields, messages);
        exchange(fields.requireText("query"), fields.requireText("response"), messages);
      }
      case SHAREGPT -> new SpokenTurns(fields).addTo(messages);
      case MESSAGES ->
          new MessageList(fields, fields.has("messages") ? "messages" : "conversations")
              .addTo(messages);
      case PROMPT_COMPLETION -> promptCompletion(fields, messages);
    }
    if (messages.size() > 1 && messages.get(0).isSystem() && messages.get(1).isSystem()) {
      messages.remove(0); // the conversation's own one stands over the column
    }
    return new Conversation(messages, variables(fields));
  }

  private static void alpaca(RowFields fields, List<ChatMessage> messages) {
    String instruction = fields.requireText("instruction");
    String input = fields.optionalText("input");
    String answer = fields.requireText("output");
    history(fields, messages);
    if (instruction.isEmpty() && input.isEmpty()) {
      throw new RowShapeException("field '" + fields.column("instruction") + "' is empty");
    }
    String separator = instruction.isEmpty() || input.isEmpty() ? "" : "\n";
    exchange(instruction + separator + input, answer, messages);
  }

  private static void history(RowFields fields, List<ChatMessage> messages) {
    String column = fields.column("history");
    for (JsonNode pair : fields.optionalList("history")) {
      if (!pair.isArray() || pair.size() != 2) {
        throw new RowShapeException("field '" + column + "' must hold [user, assistant] pairs");
      }
      exchange(RowFields.text(pair.get(0), column), RowFields.text(pair.get(1), column), messages);
    }
  }

  private static void exchange(String asked, String answered, List<ChatMessage> messages) {
    messages.add(new ChatMessage(ChatMessage.USER, asked));
    messages.add(new ChatMessage(ChatMessage.ASSISTANT, answered));
  }

  /** The completion alone is trained, whoever speaks in the prompt. */
  private static void promptCompletion(RowFields fields, List<ChatMessage> messages) {
    List<ChatMessage> prompt = new ArrayList<>();
    add(fields, "prompt", ChatMessage.USER, prompt);
    prompt.forEach(m -> messages.add(m.fromAssistant() ? m.withTrain(false) : m));
    add(fields, "completion", ChatMessage.ASSISTANT, messages);
  }

  private static void add(RowFields fields, String name, String role, List<ChatMessage> messages) {
    if (fields.get(name).isArray()) {
      new MessageList(fields, name).addTo(messages);
    } else {
      messages.add(new ChatMessage(role, fields.requireText(name)));
    }
  }

  /** What the template may read besides the messages. */
  private static Map<String, JsonNode> variables(RowFields fields) {
    Map<String, JsonNode> variables = new LinkedHashMap<>();
    for (String name : List.of("tools", "documents")) {
      JsonNode given = RowFields.structure(fields.get(name), fields.column(name));
      if (!given.isMissingNode() && !given.isArray()) {
        throw RowFields.wrongKind(given, fields.column(name), "a list, or a list as JSON text");
      }
      if (!given.isEmpty()) {
        variables.put(name, given);
      }
    }
    String name = "chat_template_kwargs";
    JsonNode more = RowFields.structure(fields.get(name), fields.column(name));
    if (!more.isMissingNode() && !more.isObject()) {
      throw RowFields.wrongKind(more, fields.column(name), "an object, or one as JSON text");
    }
    more.fields().forEachRemaining(field -> variables.put(field.getKey(), field.getValue()));
    return variables;
  }
}
