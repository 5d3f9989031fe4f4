package dev.anneal.data.tokenize;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;

/**
 * A token that texts match as a whole, with the options that Hugging Face's class of this name has.
 *
 * @param content its spelling; never empty
 * @param options how a text matches it
 * @param special whether it is no ordinary text
 */
record AddedToken(String content, Options options, boolean special) {
  /** How a text matches a token. */
  record Options(boolean singleWord, boolean lstrip, boolean rstrip, boolean normalized) {}

  /** A token that is given as a bare string where special tokens are expected. */
  static AddedToken special(String content) {
    return new AddedToken(content, new Options(false, false, false, false), true);
  }

  /**
   * A token as an object of a file; empty for one without a spelling.
   *
   * @param normalized what is meant where the file does not say; empty for "unless it is special"
   */
  static Optional<AddedToken> read(JsonNode node, Optional<Boolean> normalized) {
    String content = node.path("content").asText("");
    boolean special = node.path("special").asBoolean(false);
    Options options =
        new Options(
            node.path("single_word").asBoolean(false),
            node.path("lstrip").asBoolean(false),
            node.path("rstrip").asBoolean(false),
            node.path("normalized").asBoolean(normalized.orElse(!special)));
    return content.isEmpty()
        ? Optional.empty()
        : Optional.of(new AddedToken(content, options, special));
  }

  AddedToken asSpecial() {
    return new AddedToken(content, options, true);
  }

  /** As {@code tokenizer.json} lists it. */
  ObjectNode json(int id) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("id", id)
        .put("content", content)
        .put("single_word", options.singleWord())
        .put("lstrip", options.lstrip())
        .put("rstrip", options.rstrip())
        .put("normalized", options.normalized())
        .put("special", special);
  }
}
