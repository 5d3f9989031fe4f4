package dev.anneal.data.tokenize;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;

/**
 * The tokens of a {@code tokenizer.json}: the model's and the added ones. Read as a stream, for the
 * file may have ten megabytes. Immutable.
 */
final class Vocabulary {
  private final Map<String, Integer> ids = new HashMap<>();
  private final BitSet special = new BitSet();
  private int size;

  private Vocabulary() {}

  /** Parses the text of a {@code tokenizer.json}. */
  static Vocabulary parse(String json) throws IOException {
    Map<String, Integer> added = new HashMap<>();
    Vocabulary vocabulary = parse(json, added);
    added.forEach(vocabulary::put);
    return vocabulary;
  }

  /** The model's tokens alone, without the added ones. */
  static Vocabulary ofModel(String json) throws IOException {
    return parse(json, new HashMap<>());
  }

  private static Vocabulary parse(String json, Map<String, Integer> added) throws IOException {
    Vocabulary vocabulary = new Vocabulary();
    try (JsonParser parser = new JsonFactory().createParser(json)) {
      expect(parser.nextToken(), JsonToken.START_OBJECT, "tokenizer.json");
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String key = parser.currentName();
        parser.nextToken();
        if (key.equals("model")) {
          vocabulary.readModel(parser);
        } else if (key.equals("added_tokens")) {
          vocabulary.readAdded(parser, added);
        } else {
          parser.skipChildren();
        }
      }
    }
    return vocabulary;
  }

  int size() {
    return size;
  }

  /** How many spellings there are. */
  int count() {
    return ids.size();
  }

  boolean isSpecial(int id) {
    return id >= 0 && special.get(id);
  }

  /** The id of a token, or -1. */
  int idOf(String token) {
    return ids.getOrDefault(token, -1);
  }

  /** Spellings by id, null where no token has an id. */
  String[] names() {
    String[] names = new String[size];
    ids.forEach((token, id) -> names[id] = token);
    return names;
  }

  private void put(String token, int id) {
    ids.put(token, id);
    size = Math.max(size, id + 1);
  }

  private void readModel(JsonParser parser) throws IOException {
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      boolean vocab = parser.currentName().equals("vocab");
      JsonToken value = parser.nextToken();
      if (vocab && value == JsonToken.START_OBJECT) {
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
          String token = parser.currentName();
          put(token, parser.nextIntValue(-1));
        }
      } else if (vocab && value == JsonToken.START_ARRAY) {
        readPieces(parser);
      } else {
        parser.skipChildren();
      }
    }
  }

  /** A unigram model lists {@code [piece, score]} pairs; the index is the id. */
  private void readPieces(JsonParser parser) throws IOException {
    for (int id = 0; parser.nextToken() == JsonToken.START_ARRAY; id++) {
      put(parser.nextTextValue(), id);
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        parser.skipChildren();
      }
    }
  }

  private void readAdded(JsonParser parser, Map<String, Integer> added) throws IOException {
    while (parser.nextToken() == JsonToken.START_OBJECT) {
      int id = -1;
      String content = "";
      boolean isSpecial = false;
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String key = parser.currentName();
        parser.nextToken();
        switch (key) {
          case "id" -> id = parser.getIntValue();
          case "content" -> content = parser.getText();
          case "special" -> isSpecial = parser.getBooleanValue();
          default -> parser.skipChildren();
        }
      }
      if (id < 0) {
        throw new IOException("added token '" + content + "' without an id");
      }
      added.put(content, id);
      special.set(id, isSpecial);
    }
  }

  private static void expect(JsonToken actual, JsonToken expected, String what) throws IOException {
    if (actual != expected) {
      throw new IOException(what + " is no JSON object");
    }
  }
}
