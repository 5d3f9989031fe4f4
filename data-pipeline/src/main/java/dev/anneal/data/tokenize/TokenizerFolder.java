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
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A local folder that describes a tokenizer as Hugging Face saves it: {@code tokenizer.json}, and
 * where present {@code tokenizer_config.json}, {@code special_tokens_map.json} and {@code
 * chat_template.jinja}. Read once at {@link #open}. Immutable.
 */
public final class TokenizerFolder {
  static final String TOKENIZER_FILE = "tokenizer.json";
  private static final String CONFIG_FILE = "tokenizer_config.json";
  private static final String SPECIAL_TOKENS_FILE = "special_tokens_map.json";
  private static final String ADDED_TOKENS_FILE = "added_tokens.json";
  private static final List<String> FILES =
      List.of(TOKENIZER_FILE, CONFIG_FILE, SPECIAL_TOKENS_FILE, TemplateOfFolder.TEMPLATE_FILE);

  private final Path path;
  private final String name;
  private final Map<String, String> specialTokens;
  private final Set<String> spelled;
  private final Optional<String> chatTemplate;
  private final Optional<String> changedJson;
  private final boolean splitsSpecialTokens;
  private final String contentHash;

  private TokenizerFolder(Path path, String name, JsonNode config, TokenizerText text)
      throws IOException {
    this.path = path;
    this.name = name;
    specialTokens = text.specialTokens();
    spelled = text.spelled();
    chatTemplate = TemplateOfFolder.read(path, config);
    changedJson = text.isChanged() ? Optional.of(text.json()) : Optional.empty();
    splitsSpecialTokens = config.path("split_special_tokens").asBoolean(false);
    contentHash = contentHash(path, text.changes() + (splitsSpecialTokens ? "split" : ""));
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
      DeclaredTokens.Sources sources =
          new DeclaredTokens.Sources(
              config,
              readJson(folder.resolve(SPECIAL_TOKENS_FILE)),
              readJson(folder.resolve(ADDED_TOKENS_FILE)));
      String json = Files.readString(folder.resolve(TOKENIZER_FILE));
      return new TokenizerFolder(folder, name, config, TokenizerText.of(json, sources));
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

  /**
   * Those that a template sees. One that the folder does not spell out, or that has a name of its
   * model's own, only where the template mentions it: other templates keep their hash.
   */
  public Map<String, String> templateVariables(String source) {
    Map<String, String> variables = new LinkedHashMap<>(specialTokens);
    variables.keySet().removeIf(name -> !spelled.contains(name) && !source.contains(name));
    return variables;
  }

  /**
   * The text of the {@code tokenizer.json} that gives the ids of transformers: the file's, unless
   * other files of the folder change it.
   */
  public String tokenizerJson() throws IOException {
    return changedJson.isPresent()
        ? changedJson.get()
        : Files.readString(path.resolve(TOKENIZER_FILE));
  }

  /** Whether the spelling of a special token in a text is ordinary text to this tokenizer. */
  public boolean splitsSpecialTokens() {
    return splitsSpecialTokens;
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

  /**
   * @param changes what other files than tokenizer.json make of the ids, empty for nothing: shards
   *     made before that was heeded do not fit
   */
  private static String contentHash(Path folder, String changes) throws IOException {
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
    digest.update(changes.getBytes(StandardCharsets.UTF_8));
    return HexFormat.of().formatHex(digest.digest());
  }
}
