import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.anneal.core.config.ConfigException;
import dev.anneal.data.chat.ChatMessage;
import dev.anneal.data.chat.ChatTemplate;
import dev.anneal.data.chat.Conversation;
import dev.anneal.data.chat.jinja.value.Rendering;
import dev.anneal.data.chat.jinja.value.TemplateException;
import dev.anneal.data.sft.EncodedRow;
import dev.anneal.data.sft.LossMask;
import dev.anneal.data.sft.Overlong;
import dev.anneal.data.sft.SftEncoder;
import dev.anneal.data.sft.SftOptions;
import dev.anneal.data.tokenize.SpecialTokens;
import dev.anneal.data.tokenize.Tokenizer;
import dev.anneal.data.tokenize.TokenizerFolder;
import dev.anneal.data.tokenize.engines.Tokenizers;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the product renders: {@code java -cp CLASSES Chats.java TEMPLATES CASES OUT}. TEMPLATES has a
 * line for each template, with its source, its special tokens and the cases it is asked for; OUT
 * gets a line for each pair: the text and the tagged spans, or the refusal; with a tokenizer's folder
 * also ids and labels.
 */
final class Chats {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Clock CLOCK =
      Clock.fixed(Instant.parse("2031-11-02T15:04:05Z"), ZoneOffset.UTC);

  private Chats() {}

  public static void main(String[] arguments) throws IOException {
    List<JsonNode> cases = new ArrayList<>();
    for (String line : Files.readAllLines(Path.of(arguments[1]))) {
      cases.add(JSON.readTree(line));
    }
    try (BufferedWriter out = Files.newBufferedWriter(Path.of(arguments[2]))) {
      for (String line : Files.readAllLines(Path.of(arguments[0]))) {
        JsonNode template = JSON.readTree(line);
        List<JsonNode> asked = new ArrayList<>();
        template.get("cases").forEach(index -> asked.add(cases.get(index.asInt())));
        for (ObjectNode answer : answers(template, asked)) {
          out.write(JSON.writeValueAsString(answer));
          out.write('\n');
        }
      }
    }
  }

  /** With ids and targets where the template comes with a tokenizer's folder. */
  private static List<ObjectNode> answers(JsonNode template, List<JsonNode> cases) {
    String folder = template.path("folder").asText("");
    List<ObjectNode> answers = new ArrayList<>();
    if (folder.isEmpty()) {
      cases.forEach(given -> answers.add(answer(template, given)));
      return answers;
    }
    TokenizerFolder files = TokenizerFolder.open(Path.of(folder));
    try (Tokenizer tokenizer = Tokenizers.open(files, SpecialTokens.MATCHED)) {
      SftEncoder encoder =
          new SftEncoder(
              tokenizer,
              parsed(template),
              new SftOptions(1 << 20, LossMask.ALL_TURNS, Overlong.ERROR));
      for (JsonNode given : cases) {
        ObjectNode answer = answer(template, given);
        if (answer.has("text") && given.get("way").asText().equals("whole")) {
          EncodedRow row = encoder.label(conversation(given));
          answer.set("ids", JSON.valueToTree(row.ids()));
          answer.set("labels", JSON.valueToTree(row.labels()));
        }
        answers.add(answer);
      }
    }
    return answers;
  }

  private static ChatTemplate parsed(JsonNode template) {
    Map<String, String> special = new LinkedHashMap<>();
    fields(template.get("special")).forEach((name, token) -> special.put(name, token.asText()));
    return ChatTemplate.parse(template.get("source").asText(), special).withClock(CLOCK);
  }

  private static ObjectNode answer(JsonNode template, JsonNode given) {
    ObjectNode answer = JSON.createObjectNode();
    try {
      Rendering rendering =
          render(parsed(template), conversation(given), given.get("way").asText());
      answer.put("text", rendering.text());
      String text = rendering.text();
      for (Rendering.Span span : rendering.generated()) {
        answer
            .withArray("spans")
            .addArray()
            .add(text.codePointCount(0, span.start()))
            .add(text.codePointCount(0, span.end()));
      }
    } catch (TemplateException | ConfigException e) {
      answer.put("refusal", e.getMessage());
    } catch (RuntimeException | StackOverflowError e) {
      answer.put("failure", e.toString());
    }
    return answer;
  }

  private static Rendering render(ChatTemplate template, Conversation conversation, String way) {
    return switch (way) {
      case "prompt" -> template.renderPrompt(conversation);
      case "continued" -> template.renderContinued(conversation, "content");
      default -> template.render(conversation);
    };
  }

  private static Conversation conversation(JsonNode given) {
    List<ChatMessage> messages = new ArrayList<>();
    for (JsonNode message : given.get("messages")) {
      messages.add(new ChatMessage(fields(message), Optional.empty()));
    }
    return new Conversation(messages, fields(given.get("variables")));
  }

  private static Map<String, JsonNode> fields(JsonNode node) {
    Map<String, JsonNode> fields = new LinkedHashMap<>();
    node.fields().forEachRemaining(field -> fields.put(field.getKey(), field.getValue()));
    return fields;
  }
}
