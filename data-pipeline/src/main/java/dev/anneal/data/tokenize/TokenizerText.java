package dev.anneal.data.tokenize;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The {@code tokenizer.json} that gives the ids of transformers 5's AutoTokenizer for a folder: the
 * file itself, or the file with what tokenizer_config.json and the older files change. Immutable.
 *
 * @param json the text that all engines read
 * @param isChanged whether it is another text than the file's
 * @param changes what differs from the file alone, for a hash; empty for nothing
 * @param specialTokens spellings by name, standard names first
 * @param spelled the standard names that the folder spells out
 */
record TokenizerText(
    String json,
    boolean isChanged,
    String changes,
    Map<String, String> specialTokens,
    Set<String> spelled) {
  private static final String EOS = "eos_token";

  /** The text of a file under what the files beside it declare. */
  static TokenizerText of(String json, DeclaredTokens.Sources sources) throws IOException {
    TokenizerParts file = TokenizerParts.parse(json);
    PrefixSpace prefixSpace = PrefixSpace.read(sources.config(), file);
    JsonNode listed = file.part("added_tokens");
    DeclaredTokens declared = DeclaredTokens.read(sources, prefixSpace.type(), listed);
    Map<String, JsonNode> replaced = new LinkedHashMap<>(prefixSpace.replacedParts(file));
    addedTokens(json, listed, declared, prefixSpace.type())
        .ifPresent(tokens -> replaced.put("added_tokens", tokens));
    Map<String, String> names = Collections.unmodifiableMap(declared.spellings());
    String changes = replaced.isEmpty() ? "" : replaced.toString();
    String eos = names.getOrDefault(EOS, "");
    if (!eos.equals(formerEos(sources))) {
      changes += EOS + eos;
    }
    boolean changed = !replaced.isEmpty();
    return new TokenizerText(
        changed ? file.with(replaced) : json, changed, changes, names, declared.spelled());
  }

  /** What ended documents while special_tokens_map.json only filled gaps. */
  private static String formerEos(DeclaredTokens.Sources sources) {
    JsonNode config = sources.config().path(EOS);
    JsonNode legacy = sources.special().path(EOS);
    String own = (config.isObject() ? config.path("content") : config).asText("");
    boolean none = own.isEmpty() || config.isNull();
    return none ? (legacy.isObject() ? legacy.path("content") : legacy).asText("") : own;
  }

  /** The list of added tokens; empty where it is the file's own. */
  private static Optional<ArrayNode> addedTokens(
      String json, JsonNode listed, DeclaredTokens declared, TokenizerClass type)
      throws IOException {
    LinkedHashMap<String, AddedToken> own = new LinkedHashMap<>();
    for (JsonNode node : listed) {
      AddedToken.read(node, Optional.of(true)).ifPresent(token -> own.put(token.content(), token));
    }
    LinkedHashMap<String, AddedToken> all = added(own, declared, type);
    if (all.keySet().equals(own.keySet())) {
      return all.equals(own) ? Optional.empty() : Optional.of(withOptions(listed, all));
    }
    AddedVocabulary vocabulary = new AddedVocabulary(Vocabulary.ofModel(json));
    vocabulary.addAll(all);
    return Optional.of(vocabulary.json());
  }

  /** Tokens in the order in which transformers adds them. */
  private static LinkedHashMap<String, AddedToken> added(
      LinkedHashMap<String, AddedToken> own, DeclaredTokens declared, TokenizerClass type) {
    LinkedHashMap<String, AddedToken> all = new LinkedHashMap<>();
    if (!type.buildsAnew()) {
      all.putAll(own);
    }
    List<AddedToken> named = declared.named();
    Set<String> names = named.stream().map(AddedToken::content).collect(Collectors.toSet());
    for (AddedToken token : declared.listed()) {
      add(all, names.contains(token.content()) ? token.asSpecial() : token);
    }
    Set<String> known = Set.copyOf(all.keySet());
    named.stream().filter(token -> !known.contains(token.content())).forEach(t -> add(all, t));
    declared.extra().stream()
        .filter(token -> !known.contains(token.content()))
        .forEach(token -> add(all, names.contains(token.content()) ? token.asSpecial() : token));
    if (type.addsSpecialTokensAgain()) {
      named.forEach(token -> add(all, AddedToken.special(token.content())));
      declared.extra().forEach(token -> add(all, AddedToken.special(token.content())));
    }
    return all;
  }

  /** A token that was special once stays so to the library, whatever is said of it later. */
  private static void add(LinkedHashMap<String, AddedToken> all, AddedToken token) {
    AddedToken before = all.get(token.content());
    all.put(token.content(), before != null && before.special() ? token.asSpecial() : token);
  }

  private static ArrayNode withOptions(JsonNode listed, Map<String, AddedToken> tokens) {
    ArrayNode list = JsonNodeFactory.instance.arrayNode();
    for (JsonNode node : listed) {
      AddedToken token = tokens.get(node.path("content").asText());
      list.add(token == null ? node : token.json(node.path("id").asInt()));
    }
    return list;
  }
}
