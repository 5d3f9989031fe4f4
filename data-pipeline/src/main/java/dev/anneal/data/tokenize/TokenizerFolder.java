package dev.anneal.data.tokenize;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.anneal.core.config.ConfigException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A local folder that describes a tokenizer as Hugging Face saves it: {@code tokenizer.json}, and
 * where present {@code tokenizer_config.json}, {@code special_tokens_map.json} and {@code
 * chat_template.jinja}. Read once at {@link #open}. Immutable.
 */
public final class TokenizerFolder {
  static final String TOKENIZER_FILE = "tokenizer.json";
  private static final String CONFIG_FILE = "tokenizer_config.json";
  private static final String SPECIAL_TOKENS_FILE = "special_tokens_map.json";
  private static final String TEMPLATE_FILE = "chat_template.jinja";
  private static final String TOOL_TEMPLATE_FILE = "additional_chat_templates/tool_use.jinja";
  private static final List<String> FILES =
      List.of(TOKENIZER_FILE, CONFIG_FILE, SPECIAL_TOKENS_FILE, TEMPLATE_FILE);
  private static final List<String> TOKEN_NAMES =
      List.of(
          "bos_token",
          "eos_token",
          "unk_token",
          "sep_token",
          "pad_token",
          "cls_token",
          "mask_token");

  private final Path path;
  private final String name;
  private final Map<String, String> specialTokens;
  private final Optional<String> chatTemplate;
  private final String contentHash;

  private TokenizerFolder(
      Path path,
      String name,
      Map<String, String> specialTokens,
      Optional<String> chatTemplate,
      String contentHash) {
    this.path = path;
    this.name = name;
    this.specialTokens = specialTokens;
    this.chatTemplate = chatTemplate;
    this.contentHash = contentHash;
  }

  /** Reads a folder; {@link ConfigException} says what is missing or malformed. */
  public static TokenizerFolder open(Path folder) {
    return open(folder, folder.toString());
  }

  /**
   * Reads a local copy of a folder.
   *
   * @param name the folder as the user wrote it, for messages
   */
  public static TokenizerFolder open(Path folder, String name) {
    if (!Files.isDirectory(folder)) {
      throw new ConfigException(
          "Cannot read tokenizer " + name + ": no such folder (tokenize.tokenizer)");
    }
    if (!Files.isRegularFile(folder.resolve(TOKENIZER_FILE))) {
      throw new ConfigException(
          "Cannot read tokenizer " + name + ": it holds no tokenizer.json (tokenize.tokenizer)");
    }
    try {
      JsonNode config = readJson(folder.resolve(CONFIG_FILE));
      JsonNode legacy = readJson(folder.resolve(SPECIAL_TOKENS_FILE));
      Map<String, String> tokens = new LinkedHashMap<>();
      for (String token : TOKEN_NAMES) {
        tokenText(config.path(token))
            .or(() -> tokenText(legacy.path(token)))
            .ifPresent(text -> tokens.put(token, text));
      }
      return new TokenizerFolder(
          folder,
          name,
          Collections.unmodifiableMap(tokens),
          readTemplate(folder, config),
          contentHash(folder));
    } catch (IOException e) {
      throw new ConfigException("Cannot read tokenizer " + name + ": " + e.getMessage(), e);
    }
  }

  public Path path() {
    return path;
  }

  /** The folder as the user wrote it. */
  public String name() {
    return name;
  }

  /** Spellings by name ({@code bos_token}, ...); only those that are set, in a fixed order. */
  public Map<String, String> specialTokens() {
    return specialTokens;
  }

  public Optional<String> bosToken() {
    return Optional.ofNullable(specialTokens.get("bos_token"));
  }

  public Optional<String> eosToken() {
    return Optional.ofNullable(specialTokens.get("eos_token"));
  }

  public Optional<String> padToken() {
    return Optional.ofNullable(specialTokens.get("pad_token"));
  }

  /** The EOS token; {@link ConfigException} names the key to set when there is none. */
  public String requireEosToken() {
    return eosToken()
        .orElseThrow(
            () ->
                new ConfigException(
                    "Cannot find the EOS token of "
                        + name
                        + ": tokenizer_config.json has no eos_token (set tokenize.eos_token)"));
  }

  /** The Jinja source of the chat template; {@code chat_template.jinja} wins over the config. */
  public Optional<String> chatTemplate() {
    return chatTemplate;
  }

  /** SHA-256, in hex, over the names and bytes of the tokenizer's files. */
  public String contentHash() {
    return contentHash;
  }

  private static JsonNode readJson(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      return MissingNode.getInstance();
    }
    try {
      JsonNode node = new ObjectMapper().readTree(Files.readString(file));
      if (!node.isObject()) {
        throw new IOException(file.getFileName() + " is no JSON object");
      }
      return node;
    } catch (JsonProcessingException e) {
      throw new IOException(file.getFileName() + ": " + e.getOriginalMessage(), e);
    }
  }

  /** A token is a string or an object with {@code content}; null and empty mean none. */
  private static Optional<String> tokenText(JsonNode node) {
    JsonNode text = node.isObject() ? node.path("content") : node;
    return text.isTextual() && !text.asText().isEmpty()
        ? Optional.of(text.asText())
        : Optional.empty();
  }

  private static Optional<String> readTemplate(Path folder, JsonNode config) throws IOException {
    Path file = folder.resolve(TEMPLATE_FILE);
    if (Files.isRegularFile(file)) {
      Path tools = folder.resolve(TOOL_TEMPLATE_FILE);
      String template = Files.readString(file);
      return Optional.of(
          Files.isRegularFile(tools) ? choosing(Files.readString(tools), template) : template);
    }
    JsonNode template = config.path("chat_template");
    if (!template.isArray()) {
      return template.isTextual() ? Optional.of(template.asText()) : Optional.empty();
    }
    Optional<String> usual = named(template, "default");
    Optional<String> tools = named(template, "tool_use");
    return tools.isPresent() && usual.isPresent()
        ? Optional.of(choosing(tools.get(), usual.get()))
        : usual;
  }

  private static Optional<String> named(JsonNode templates, String name) {
    for (JsonNode entry : templates) {
      if (entry.path("name").asText().equals(name)) {
        return Optional.of(entry.path("template").asText());
      }
    }
    return Optional.empty();
  }

  /** One template that renders a conversation with tools by the first, any other by the second. */
  private static String choosing(String tools, String usual) {
    return "{%+ if tools is not none +%}"
        + inside(tools)
        + "{%+ else +%}"
        + inside(usual)
        + "{%+ endif %}";
  }

  /** What Jinja strips at both ends of a template and would leave inside another. */
  private static String inside(String template) {
    return template.replaceFirst("\\A[ \\t]+(?=\\{[%#][^+])", "").replaceFirst("\\n\\z", "");
  }

  private static String contentHash(Path folder) throws IOException {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform has SHA-256", e);
    }
    for (String name : FILES) {
      Path file = folder.resolve(name);
      if (Files.isRegularFile(file)) {
        byte[] bytes = Files.readAllBytes(file);
        digest.update(name.getBytes(StandardCharsets.UTF_8));
        digest.update(ByteBuffer.allocate(Long.BYTES).putLong(bytes.length).array());
        digest.update(bytes);
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }
}
