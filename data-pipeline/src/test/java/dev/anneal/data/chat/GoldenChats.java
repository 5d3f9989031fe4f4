package dev.anneal.data.chat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.anneal.data.tokenize.TestTokenizers;
import dev.anneal.data.tokenize.TokenizerFolder;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/** Conversations and what transformers made of them ({@code interop/fixtures}). */
public final class GoldenChats {
  private static final ObjectMapper JSON = new ObjectMapper();

  private GoldenChats() {}

  /**
   * One conversation under one template.
   *
   * @param mask 1 where the assistant speaks, by token
   */
  public record Golden(
      String template,
      Conversation conversation,
      String text,
      String prompt,
      int[] ids,
      String mask) {
    public TokenizerFolder folder() {
      return TokenizerFolder.open(
          template.equals("llama3") ? TestTokenizers.llama3() : TestTokenizers.chatml());
    }

    public ChatTemplate chatTemplate() {
      return ChatTemplates.BUILT_IN.contains(template)
          ? ChatTemplates.named(template, folder())
          : ChatTemplate.parse(source(template), folder().specialTokens());
    }

    /** The same template with generation tags. */
    public ChatTemplate taggedTemplate() {
      return ChatTemplate.parse(source(template + "_tagged"), folder().specialTokens());
    }

    @Override
    public String toString() {
      return template + ": " + conversation;
    }
  }

  public static List<Golden> all() {
    List<JsonNode> rows = lines("conversations.jsonl");
    List<Golden> golden = new ArrayList<>();
    for (JsonNode line : lines("golden.jsonl")) {
      JsonNode ids = line.get("ids");
      golden.add(
          new Golden(
              line.get("template").asText(),
              conversation(rows.get(line.get("row").asInt())),
              line.get("text").asText(),
              line.get("prompt").asText(),
              IntStream.range(0, ids.size()).map(i -> ids.get(i).asInt()).toArray(),
              line.get("mask").asText()));
    }
    return golden;
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

  /** A template of the test resources. */
  public static String source(String name) {
    return read("templates/" + name + ".jinja");
  }

  private static List<JsonNode> lines(String name) {
    List<JsonNode> nodes = new ArrayList<>();
    for (String line : read(name).split("\n")) {
      try {
        nodes.add(JSON.readTree(line));
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    }
    return nodes;
  }

  private static String read(String name) {
    try (InputStream in = GoldenChats.class.getResourceAsStream("/text/" + name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
