package dev.anneal.data.tokenize;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiConsumer;

/**
 * The tokens that the files beside {@code tokenizer.json} name, with the precedence of transformers
 * 5: with {@code added_tokens_decoder} in tokenizer_config.json the older files do not count;
 * without it special_tokens_map.json overrules tokenizer_config.json. Immutable.
 */
final class DeclaredTokens {
  /** Special tokens by the names that every tokenizer has, in their order. */
  static final List<String> STANDARD =
      List.of(
          "bos_token",
          "eos_token",
          "unk_token",
          "sep_token",
          "pad_token",
          "cls_token",
          "mask_token");

  private static final String EXTRA = "extra_special_tokens";
  private static final String ADDITIONAL = "additional_special_tokens";
  private static final String DECODER = "added_tokens_decoder";

  private final Map<String, JsonNode> standard = new LinkedHashMap<>();
  private final Map<String, AddedToken> named = new LinkedHashMap<>();
  private final List<AddedToken> extra = new ArrayList<>();
  private final Map<Integer, AddedToken> listed = new TreeMap<>();

  private DeclaredTokens() {}

  /**
   * The files as objects; missing nodes for those that a folder lacks.
   *
   * @param config tokenizer_config.json
   * @param special special_tokens_map.json
   * @param added added_tokens.json
   */
  record Sources(JsonNode config, JsonNode special, JsonNode added) {
    /** Whether only tokenizer_config.json counts. */
    boolean newForm() {
      return config.has(DECODER);
    }
  }

  /**
   * Reads them.
   *
   * @param fileTokens what tokenizer.json lists
   */
  static DeclaredTokens read(Sources sources, TokenizerClass type, JsonNode fileTokens)
      throws IOException {
    DeclaredTokens tokens = new DeclaredTokens();
    tokens.readStandard(sources, type);
    tokens.readModelSpecific(sources);
    tokens.readExtra(sources);
    if (sources.newForm()) {
      for (Map.Entry<String, JsonNode> entry : sources.config().path(DECODER).properties()) {
        tokens.list(entry.getKey(), entry.getValue());
      }
    } else {
      tokens.readAddedFile(sources.added());
      for (JsonNode token : fileTokens) {
        tokens.list(token.path("id").asText(), token);
      }
    }
    return tokens;
  }

  /** Spellings by name, standard names first; only those that are set. */
  Map<String, String> spellings() {
    Map<String, String> spellings = new LinkedHashMap<>();
    named.forEach((name, token) -> spellings.put(name, token.content()));
    return spellings;
  }

  /** The standard names that are not a default of the tokenizer's class. */
  Set<String> spelled() {
    Set<String> spelled = new LinkedHashSet<>(standard.keySet());
    spelled.removeIf(name -> token(standard.get(name)).isEmpty());
    return spelled;
  }

  /** The named special tokens, standard ones first. */
  List<AddedToken> named() {
    return List.copyOf(named.values());
  }

  /** Special tokens without a name of their own. */
  List<AddedToken> extra() {
    return Collections.unmodifiableList(extra);
  }

  /** The list of added tokens that counts, by the ids given there. */
  List<AddedToken> listed() {
    return List.copyOf(listed.values());
  }

  private void readStandard(Sources sources, TokenizerClass type) {
    for (String name : STANDARD) {
      JsonNode given = sources.config().path(name);
      if (!sources.newForm() && sources.special().has(name)) {
        given = sources.special().path(name);
      }
      standard.put(name, given);
      Optional<AddedToken> token =
          given.isMissingNode()
              ? Optional.ofNullable(type.defaults().get(name)).map(AddedToken::special)
              : token(given);
      token.ifPresent(value -> named.put(name, value.asSpecial()));
    }
  }

  /** Names such as {@code image_token}; objects come before strings, as they do there. */
  private void readModelSpecific(Sources sources) {
    Map<String, JsonNode> found = new LinkedHashMap<>();
    Map<String, JsonNode> strings = new LinkedHashMap<>();
    modelSpecific(
        sources.config(), (name, node) -> (node.isTextual() ? strings : found).put(name, node));
    putAll(sources.config().path(EXTRA), strings);
    if (!sources.newForm()) {
      modelSpecific(sources.special(), found::put);
      putAll(sources.special().path(EXTRA), strings);
    }
    found.putAll(strings);
    found.forEach(
        (name, node) -> token(node).ifPresent(value -> named.put(name, value.asSpecial())));
  }

  private static void modelSpecific(JsonNode file, BiConsumer<String, JsonNode> sink) {
    file.fields()
        .forEachRemaining(
            entry -> {
              String name = entry.getKey();
              if (name.endsWith("_token") && !STANDARD.contains(name)) {
                token(entry.getValue()).ifPresent(token -> sink.accept(name, entry.getValue()));
              }
            });
  }

  private static void putAll(JsonNode object, Map<String, JsonNode> target) {
    if (object.isObject()) {
      object.fields().forEachRemaining(entry -> target.put(entry.getKey(), entry.getValue()));
    }
  }

  private void readExtra(Sources sources) {
    JsonNode own = sources.config().path(EXTRA);
    JsonNode config = isFalsy(own) ? sources.config().path(ADDITIONAL) : own;
    List<JsonNode> nodes = new ArrayList<>();
    if (config.isArray()) {
      config.forEach(nodes::add);
    }
    if (!sources.newForm()) {
      sources.special().path(EXTRA).forEach(nodes::add);
      if (nodes.isEmpty()) {
        sources.special().path(ADDITIONAL).forEach(nodes::add);
      }
    }
    Set<AddedToken> tokens = new LinkedHashSet<>();
    nodes.forEach(node -> token(node).ifPresent(tokens::add));
    extra.addAll(tokens);
  }

  private static boolean isFalsy(JsonNode node) {
    return node.isMissingNode() || node.isNull() || node.isContainerNode() && node.isEmpty();
  }

  private void readAddedFile(JsonNode added) {
    Set<String> special = new LinkedHashSet<>();
    standard.values().forEach(node -> token(node).ifPresent(token -> special.add(token.content())));
    extra.forEach(token -> special.add(token.content()));
    added
        .fields()
        .forEachRemaining(
            entry -> {
              String content = entry.getKey();
              AddedToken plain =
                  new AddedToken(content, new AddedToken.Options(false, false, false, true), false);
              if (!content.isEmpty()) {
                listed.put(
                    entry.getValue().asInt(),
                    special.contains(content) ? AddedToken.special(content) : plain);
              }
            });
  }

  private void list(String id, JsonNode token) throws IOException {
    Optional<AddedToken> read = AddedToken.read(token, Optional.empty());
    if (read.isPresent() && !id.matches("\\d{1,9}")) {
      throw new IOException(
          "added token '" + read.get().content() + "' has the id " + id + " (must be a number)");
    }
    read.ifPresent(value -> listed.put(Integer.parseInt(id), value));
  }

  /** A token is a string or an object with {@code content}; null and empty mean none. */
  private static Optional<AddedToken> token(JsonNode node) {
    if (node.isTextual() && !node.asText().isEmpty()) {
      return Optional.of(AddedToken.special(node.asText()));
    }
    return node.isObject() ? AddedToken.read(node, Optional.empty()) : Optional.empty();
  }
}
