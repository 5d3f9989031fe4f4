package dev.anneal.data.tokenize;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.anneal.core.config.ConfigException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * {@code add_prefix_space} of tokenizer_config.json, for the tokenizers that transformers 5 builds
 * anew by it. Immutable.
 *
 * @param type the tokenizer's class
 * @param className as tokenizer_config.json spells it
 * @param wanted what it asks for; empty where it says nothing
 * @param legacy {@code legacy}: whether each text between special tokens gets its space
 */
record PrefixSpace(
    TokenizerClass type, String className, Optional<Boolean> wanted, boolean legacy) {
  private static final String PRE_TOKENIZER = "pre_tokenizer";
  private static final String KEY = "add_prefix_space";

  static PrefixSpace read(JsonNode config, TokenizerParts file) {
    String name = config.path("tokenizer_class").asText("");
    JsonNode wanted = config.path(KEY);
    return new PrefixSpace(
        TokenizerClass.of(name, file.mentions("ByteLevel")),
        name,
        wanted.isBoolean() ? Optional.of(wanted.asBoolean()) : Optional.empty(),
        config.path("legacy").asBoolean(false));
  }

  /** The parts of the file that are others by it. */
  Map<String, JsonNode> replacedParts(TokenizerParts file) {
    boolean settled =
        wanted.isEmpty()
            || type.prefix() == TokenizerClass.Prefix.IGNORED
            || Optional.of(wanted.get()).equals(prefixes(file));
    if (settled) {
      return Map.of();
    }
    return switch (type.prefix()) {
      case BYTE_LEVEL -> byteLevel(file.part(PRE_TOKENIZER));
      case METASPACE -> metaspace();
      default -> throw unsupported();
    };
  }

  private Map<String, JsonNode> byteLevel(JsonNode preTokenizer) {
    JsonNode changed = preTokenizer.deepCopy();
    List<JsonNode> steps = changed.findParents(KEY);
    steps.forEach(step -> ((ObjectNode) step).put(KEY, wanted.orElseThrow()));
    if (steps.isEmpty()) {
      throw unsupported();
    }
    return Map.of(PRE_TOKENIZER, changed);
  }

  private Map<String, JsonNode> metaspace() {
    JsonNodeFactory json = JsonNodeFactory.instance;
    boolean prefixed = wanted.orElseThrow();
    Map<String, JsonNode> parts = new LinkedHashMap<>();
    parts.put("normalizer", json.nullNode());
    parts.put(
        PRE_TOKENIZER,
        json.objectNode()
            .put("type", "Metaspace")
            .put("replacement", "\u2581")
            .put("prepend_scheme", !prefixed ? "never" : legacy ? "always" : "first")
            .put("split", false));
    ObjectNode decoder = json.objectNode().put("type", "Sequence");
    var steps = decoder.putArray("decoders");
    steps
        .addObject()
        .put("type", "Replace")
        .put("content", " ")
        .putObject("pattern")
        .put("String", "\u2581");
    steps.addObject().put("type", "ByteFallback");
    steps.addObject().put("type", "Fuse");
    if (prefixed) {
      steps.addObject().put("type", "Strip").put("content", " ").put("start", 1).put("stop", 0);
    }
    parts.put("decoder", decoder);
    return parts;
  }

  /** Whether the file itself writes a space first; empty where that is not plain to see. */
  private static Optional<Boolean> prefixes(TokenizerParts file) {
    JsonNode preTokenizer = file.part(PRE_TOKENIZER);
    JsonNode normalizer = file.part("normalizer");
    boolean prepends = normalizer.findValuesAsText("type").contains("Prepend");
    List<String> types = preTokenizer.findValuesAsText("type");
    if (types.contains("Metaspace")) {
      JsonNode scheme = preTokenizer.findValue("prepend_scheme");
      JsonNode old = preTokenizer.findValue(KEY);
      boolean never = scheme != null && scheme.asText().equals("never");
      return Optional.of(!never && (old == null || old.asBoolean(true)));
    }
    if (types.contains("ByteLevel")) {
      JsonNode first = preTokenizer.findValue(KEY);
      return Optional.of(first == null || first.asBoolean(true));
    }
    return Optional.of(prepends);
  }

  private ConfigException unsupported() {
    return new ConfigException(
        "Unsupported add_prefix_space in tokenizer_config.json: "
            + wanted.orElseThrow()
            + " with tokenizer_class "
            + className
            + " (supported: GPT2Tokenizer, GPTNeoXTokenizer, LlamaTokenizer, Qwen2Tokenizer,"
            + " Qwen3_5Tokenizer; load the tokenizer with transformers and save it again with"
            + " tokenizer_class PreTrainedTokenizerFast)");
  }
}
