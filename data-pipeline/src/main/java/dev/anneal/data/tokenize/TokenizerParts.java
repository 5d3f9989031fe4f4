package dev.anneal.data.tokenize;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * The small parts of a {@code tokenizer.json}, everything but the model, and where they stand in
 * its text, so that some can be replaced without reading ten megabytes of vocabulary. Immutable.
 */
final class TokenizerParts {
  private static final JsonFactory FACTORY = new ObjectMapper().getFactory();

  private record Part(JsonNode value, int start, int end) {}

  private final String json;
  private final Map<String, Part> parts = new LinkedHashMap<>();

  private TokenizerParts(String json) {
    this.json = json;
  }

  /** Reads the text; one that is no JSON object has no parts. */
  static TokenizerParts parse(String json) throws IOException {
    TokenizerParts parts = new TokenizerParts(json);
    try (JsonParser parser = FACTORY.createParser(json)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        return parts;
      }
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        JsonToken value = parser.nextToken();
        if (name.equals("model") || !(value.isStructStart() || value == JsonToken.VALUE_NULL)) {
          parser.skipChildren();
          continue;
        }
        int start = (int) parser.currentTokenLocation().getCharOffset();
        JsonNode tree = parser.readValueAsTree();
        int end =
            value.isStructStart() ? (int) parser.currentLocation().getCharOffset() : start + 4;
        parts.parts.put(name, new Part(tree, start, end));
      }
    } catch (JsonProcessingException e) {
      parts.parts.clear(); // the engine that opens the file says what is wrong with it, and where
    }
    return parts;
  }

  /** A part such as {@code normalizer}; a missing node where there is none. */
  JsonNode part(String name) {
    Part part = parts.get(name);
    return part == null ? MissingNode.getInstance() : part.value();
  }

  /** Whether a type of this name stands anywhere in the file. */
  boolean mentions(String type) {
    return json.contains('"' + type + '"');
  }

  /** The text with other values for some parts. */
  String with(Map<String, JsonNode> replaced) {
    StringBuilder text = new StringBuilder(json);
    Map<Integer, String> byStart = new TreeMap<>(Comparator.reverseOrder());
    StringBuilder fresh = new StringBuilder();
    replaced.forEach(
        (name, value) -> {
          if (parts.containsKey(name)) {
            byStart.put(parts.get(name).start(), name);
          } else {
            fresh.append('"').append(name).append("\":").append(value).append(',');
          }
        });
    byStart.forEach(
        (start, name) -> text.replace(start, parts.get(name).end(), replaced.get(name).toString()));
    int first = json.indexOf('{') + 1;
    if (!fresh.isEmpty() && json.substring(first).stripLeading().startsWith("}")) {
      fresh.setLength(fresh.length() - 1);
    }
    return text.insert(first, fresh).toString();
  }
}
