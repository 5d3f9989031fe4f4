package dev.anneal.data.chat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.anneal.core.config.ConfigException;
import dev.anneal.data.chat.jinja.Template;
import dev.anneal.data.chat.jinja.value.Rendering;
import dev.anneal.data.chat.jinja.value.TemplateException;
import dev.anneal.data.chat.jinja.value.TemplateValues;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * A Jinja chat template with a tokenizer's special tokens: renders what {@code
 * tokenizer.apply_chat_template} of transformers 5 renders. Immutable and thread-safe.
 */
public final class ChatTemplate {
  private static final Pattern GENERATION = Pattern.compile("\\{%[-+]?\\s*generation\\s*[-+]?%}");

  private final String source;
  private final Template template;
  private final Map<String, String> specialTokens;
  private final Clock clock;

  private ChatTemplate(
      String source, Template template, Map<String, String> specialTokens, Clock clock) {
    this.source = source;
    this.template = template;
    this.specialTokens = specialTokens;
    this.clock = clock;
  }

  /**
   * Parses a template.
   *
   * @param specialTokens variables like {@code bos_token}, as the tokenizer's folder names them
   */
  public static ChatTemplate parse(String source, Map<String, String> specialTokens) {
    try {
      Template template = Template.parse(source);
      return new ChatTemplate(
          source, template, new LinkedHashMap<>(specialTokens), Clock.systemDefaultZone());
    } catch (TemplateException e) {
      throw new ConfigException(
          "Cannot read the chat template: " + e.getMessage() + " (tokenize.chat_template)", e);
    }
  }

  /** The same template with another answer to {@code strftime_now}. */
  public ChatTemplate withClock(Clock other) {
    return new ChatTemplate(source, template, specialTokens, other);
  }

  /**
   * The text of a whole conversation.
   *
   * @throws TemplateException when the template refuses the conversation
   */
  public Rendering render(Conversation conversation) {
    return render(conversation, false);
  }

  /** As {@link #render}, with what asks the assistant to go on behind it. */
  public Rendering renderPrompt(Conversation conversation) {
    return render(conversation, true);
  }

  /**
   * The text of a conversation up to the end of its last message, without what ends a turn, for a
   * model that goes on with that message.
   *
   * @param field that goes on, mostly {@code content}
   * @throws TemplateException when the template refuses the conversation, or hides that message
   */
  public Rendering renderContinued(Conversation conversation, String field) {
    return new FinalMessage(this, conversation, field).render();
  }

  /** Whether it tells a date, so that its text depends on when it is rendered. */
  public boolean tellsDate() {
    return source.contains("strftime_now");
  }

  /** Whether the template itself marks what the assistant wrote. */
  public boolean marksGeneration() {
    return GENERATION.matcher(source).find();
  }

  /** Whether content may be a list of parts: one text part then reads as the bare text does. */
  public boolean readsParts() {
    ChatMessage bare = new ChatMessage(ChatMessage.USER, "probe");
    ArrayNode parts = JsonNodeFactory.instance.arrayNode();
    parts.addObject().put("type", "text").put("text", "probe");
    try {
      String expected = render(Conversation.of(bare)).text();
      return render(Conversation.of(bare.with("content", parts))).text().equals(expected);
    } catch (TemplateException e) {
      return false; // refuses parts, or a conversation of one message
    }
  }

  /** The Jinja text, to parse it again elsewhere. */
  public String source() {
    return source;
  }

  /** SHA-256, in hex, over the source and the special tokens it is rendered with. */
  public String contentHash() {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      String whole = source.length() + ":" + source + specialTokens;
      return HexFormat.of().formatHex(digest.digest(whole.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform has SHA-256", e);
    }
  }

  private Rendering render(Conversation conversation, boolean addGenerationPrompt) {
    JsonNode nothing = JsonNodeFactory.instance.nullNode();
    Map<String, Object> variables = new LinkedHashMap<>();
    variables.put("tools", TemplateValues.of(nothing));
    variables.put("documents", TemplateValues.of(nothing));
    variables.putAll(specialTokens);
    conversation.variables().forEach((name, node) -> variables.put(name, TemplateValues.of(node)));
    List<Object> messages = new ArrayList<>();
    conversation.messages().forEach(message -> messages.add(fields(message)));
    variables.put("messages", messages);
    variables.put("add_generation_prompt", addGenerationPrompt);
    return template.render(variables, clock);
  }

  /** A message as the template sees it: reasoning under each of its names. */
  private static Map<String, Object> fields(ChatMessage message) {
    Map<String, Object> fields = new LinkedHashMap<>();
    message.reasoning().ifPresent(node -> fields.put("thinking", TemplateValues.of(node)));
    message.fields().forEach((name, node) -> fields.put(name, TemplateValues.of(node)));
    message.reasoning().ifPresent(node -> fields.put("reasoning_content", TemplateValues.of(node)));
    return fields;
  }
}
