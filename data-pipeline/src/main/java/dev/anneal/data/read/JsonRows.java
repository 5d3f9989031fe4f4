package dev.anneal.data.read;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.util.Locale;
import java.util.Set;

/**
 * Rows that are JSON, read as Python's {@code json.loads} reads them: also with {@code NaN}, {@code
 * Infinity} and {@code -Infinity}, with the last of fields of one name, and with numbers as long as
 * there. Stateless.
 */
public final class JsonRows {
  /** Python's limit for whole numbers, and well above what fractions need. */
  private static final int MAX_NUMBER_CHARACTERS = 4300;

  private static final Set<String> NOT_FINITE = Set.of("NaN", "Infinity", "-Infinity");

  private static final ObjectMapper JSON =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxStringLength(Integer.MAX_VALUE)
                          .maxNumberLength(MAX_NUMBER_CHARACTERS)
                          .build())
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private static final ObjectReader WITH_NOT_FINITE =
      JSON.reader().with(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS);

  private JsonRows() {}

  /** A row as a JSON object; {@link IllegalArgumentException} says why it is none. */
  public static JsonNode object(byte[] content) {
    for (byte value : content) {
      if (value == 0) { // Jackson would take it for UTF-16
        throw new IllegalArgumentException("bad JSON: row has zero bytes (must be UTF-8)");
      }
    }
    JsonNode node = tree(content);
    if (!node.isObject()) {
      String kind = node instanceof MissingNode ? "empty" : "a JSON " + name(node);
      throw new IllegalArgumentException("bad JSON: row is " + kind + " (must be an object)");
    }
    return node;
  }

  /** Any value written as text; {@link IllegalArgumentException} says why it is none. */
  public static JsonNode value(String text) {
    try {
      return JSON.readTree(text);
    } catch (JsonProcessingException e) {
      throw JsonFault.of(e);
    }
  }

  private static JsonNode tree(byte[] content) {
    try {
      return JSON.readTree(content);
    } catch (JsonProcessingException e) {
      return withNotFinite(content, e);
    } catch (IOException e) {
      throw new IllegalArgumentException("bad JSON: " + e.getMessage(), e);
    }
  }

  /** Once more, for the three words that JSON does not have: few rows hold them. */
  private static JsonNode withNotFinite(byte[] content, JsonProcessingException fault) {
    try (JsonParser words = WITH_NOT_FINITE.createParser(content)) {
      boolean found = false;
      for (JsonToken token = words.nextToken(); token != null; token = words.nextToken()) {
        if (token == JsonToken.VALUE_NUMBER_FLOAT && words.isNaN()) {
          boolean written = Character.isDigit(words.getText().charAt(words.getTextLength() - 1));
          if (!written && !NOT_FINITE.contains(words.getText())) {
            throw JsonFault.of(fault); // INF and +Infinity, which this parser knows besides
          }
          found = true;
        }
      }
      if (!found) {
        throw JsonFault.of(fault);
      }
      return WITH_NOT_FINITE.readTree(content);
    } catch (IOException e) {
      throw JsonFault.of(e instanceof JsonProcessingException later ? later : fault);
    }
  }

  /** What a value is, in the words of JSON. */
  public static String name(JsonNode node) {
    return node.getNodeType().name().toLowerCase(Locale.ROOT);
  }

  /** Whether a number that JSON cannot write stands anywhere in a value. */
  public static boolean hasNotFinite(JsonNode node) {
    if (node.isContainerNode()) {
      for (JsonNode child : node) {
        if (hasNotFinite(child)) {
          return true;
        }
      }
      return false;
    }
    return node.isFloatingPointNumber() && !Double.isFinite(node.doubleValue());
  }
}
