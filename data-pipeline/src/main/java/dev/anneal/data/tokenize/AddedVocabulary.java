package dev.anneal.data.tokenize;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * Which ids added tokens get, by the rule of the tokenizers library: that of the vocabulary if it
 * holds the token, else the next free one, in the order in which tokens are added. Not thread-safe.
 */
final class AddedVocabulary {
  private final Vocabulary model;
  private final Map<String, Integer> ids = new HashMap<>();
  private final Map<Integer, AddedToken> tokens = new TreeMap<>();
  private int largest = -1;

  /**
   * @param model the vocabulary without added tokens
   */
  AddedVocabulary(Vocabulary model) {
    this.model = model;
  }

  void addAll(LinkedHashMap<String, AddedToken> added) {
    added.values().forEach(this::add);
  }

  private void add(AddedToken token) {
    int known = model.idOf(token.content());
    int next = largest >= model.count() || model.count() == 0 ? largest + 1 : model.count();
    int id = ids.getOrDefault(token.content(), known >= 0 ? known : next);
    ids.put(token.content(), id);
    tokens.put(id, token);
    largest = Math.max(largest, id);
  }

  /** All of them by id, as {@code tokenizer.json} lists them. */
  ArrayNode json() {
    ArrayNode list = JsonNodeFactory.instance.arrayNode();
    tokens.forEach((id, token) -> list.add(token.json(id)));
    return list;
  }
}
