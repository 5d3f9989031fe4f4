package dev.anneal.data.tokenize;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A {@code tokenizer.json} for encoders in Java: the vocabulary and merges of a BPE model, read as
 * a stream for they have hundreds of thousands of entries, and the rest as a tree. Immutable.
 */
public final class TokenizerJson {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final ObjectNode root = MAPPER.createObjectNode();
  private final ObjectNode model = MAPPER.createObjectNode();
  private final Map<String, Integer> vocabulary = new HashMap<>();
  private final List<String> merges = new ArrayList<>(); // left, right, left, right, ...

  private TokenizerJson() {}

  /** Parses the text of a {@code tokenizer.json}. */
  public static TokenizerJson parse(String json) throws IOException {
    TokenizerJson file = new TokenizerJson();
    try (JsonParser parser = MAPPER.createParser(json)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new IOException("tokenizer.json is no JSON object");
      }
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String key = parser.currentName();
        JsonToken value = parser.nextToken();
        if (key.equals("model") && value == JsonToken.START_OBJECT) {
          file.readModel(parser);
        } else {
          file.root.set(key, parser.<JsonNode>readValueAsTree());
        }
      }
    }
    return file;
  }

  /** A part of the file, such as {@code normalizer}; a missing node where there is none. */
  public JsonNode part(String name) {
    return root.path(name);
  }

  /** The model without its vocabulary and merges. */
  public JsonNode model() {
    return model;
  }

  /** Ids by token; empty for a model whose vocabulary is no object. */
  public Map<String, Integer> vocabulary() {
    return Collections.unmodifiableMap(vocabulary);
  }

  public int mergeCount() {
    return merges.size() / 2;
  }

  public String mergeLeft(int rank) {
    return merges.get(2 * rank);
  }

  public String mergeRight(int rank) {
    return merges.get(2 * rank + 1);
  }

  private void readModel(JsonParser parser) throws IOException {
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String key = parser.currentName();
      JsonToken value = parser.nextToken();
      if (key.equals("vocab") && value == JsonToken.START_OBJECT) {
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
          String token = parser.currentName();
          vocabulary.put(token, parser.nextIntValue(-1));
        }
      } else if (key.equals("vocab")) {
        parser.skipChildren();
      } else if (key.equals("merges") && value == JsonToken.START_ARRAY) {
        readMerges(parser);
      } else {
        model.set(key, parser.<JsonNode>readValueAsTree());
      }
    }
  }

  /** A merge is {@code ["a", "b"]}, or {@code "a b"} in older files. */
  private void readMerges(JsonParser parser) throws IOException {
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      String[] pair;
      if (parser.currentToken() == JsonToken.START_ARRAY) {
        pair = new String[] {parser.nextTextValue(), parser.nextTextValue()};
        if (parser.nextToken() != JsonToken.END_ARRAY) {
          throw new IOException("merge " + mergeCount() + " is no pair");
        }
      } else {
        pair = parser.getText().split(" ", -1);
      }
      if (pair.length != 2 || pair[0] == null || pair[1] == null) {
        throw new IOException("merge " + mergeCount() + " is no pair");
      }
      merges.add(pair[0]);
      merges.add(pair[1]);
    }
  }
}
