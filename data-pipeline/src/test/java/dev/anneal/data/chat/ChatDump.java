package dev.anneal.data.chat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.anneal.data.chat.jinja.Rendering;
import dev.anneal.data.chat.jinja.TemplateException;
import dev.anneal.data.sft.EncodedRow;
import dev.anneal.data.sft.LossMask;
import dev.anneal.data.sft.Overlong;
import dev.anneal.data.sft.SftEncoder;
import dev.anneal.data.sft.SftOptions;
import dev.anneal.data.tokenize.NativeTokenizer;
import dev.anneal.data.tokenize.Tokenizer;
import dev.anneal.data.tokenize.TokenizerFolder;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Renders conversations for {@code interop/check_chat.py}: tokenizer folder, conversations as json
 * lines, output file, and the name of a template where the tokenizer has none.
 */
public final class ChatDump {
  private static final ObjectMapper JSON = new ObjectMapper();

  private ChatDump() {}

  public static void main(String[] args) throws IOException {
    TokenizerFolder folder = TokenizerFolder.open(Path.of(args[0]));
    ChatTemplate template =
        args.length > 3 ? ChatTemplates.named(args[3], folder) : ChatTemplates.ofTokenizer(folder);
    try (Tokenizer tokenizer = NativeTokenizer.open(folder);
        BufferedWriter out = Files.newBufferedWriter(Path.of(args[2]))) {
      SftEncoder encoder =
          new SftEncoder(
              tokenizer, template, new SftOptions(1 << 20, LossMask.ALL_TURNS, Overlong.ERROR));
      for (String line : Files.readAllLines(Path.of(args[1]))) {
        ObjectNode row = (ObjectNode) JSON.readTree(line);
        Conversation conversation = conversation(row);
        put(row, "text", () -> template.render(conversation));
        put(row, "prompt", () -> template.renderPrompt(conversation));
        if (row.has("text")) {
          row.set("ids", JSON.valueToTree(tokenizer.encode(row.get("text").asText())));
        }
        if (encoder.encode(conversation) instanceof EncodedRow encoded) {
          row.set("labels", JSON.valueToTree(encoded.labels()));
        }
        out.write(JSON.writeValueAsString(row));
        out.write('\n');
      }
    }
  }

  /** A conversation from {@code {"messages": [...], "variables": {...}}}. */
  static Conversation conversation(JsonNode row) {
    List<ChatMessage> messages = new ArrayList<>();
    for (JsonNode message : row.path("messages")) {
      messages.add(new ChatMessage(fields(message, List.of()), Optional.empty()));
    }
    return new Conversation(messages, fields(row.path("variables"), List.of()));
  }

  private static Map<String, JsonNode> fields(JsonNode node, List<String> without) {
    Map<String, JsonNode> fields = new LinkedHashMap<>();
    node.fields().forEachRemaining(field -> fields.put(field.getKey(), field.getValue()));
    without.forEach(fields::remove);
    return fields;
  }

  private static void put(ObjectNode row, String key, Supplier<Rendering> rendering) {
    try {
      row.put(key, rendering.get().text());
    } catch (TemplateException e) {
      row.put(key + "_error", e.getMessage());
    }
  }
}
