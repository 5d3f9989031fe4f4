package dev.anneal.core.model.config;

import com.fasterxml.jackson.databind.JsonNode;
import dev.anneal.core.config.ConfigException;
import java.util.ArrayList;
import java.util.List;

/** Typed access to the fields of a model's JSON file; errors name the file, the key, the value. */
public record ConfigFields(String source, JsonNode json) {
  int integer(String key, int fallback) {
    JsonNode value = json.path(key);
    if (value.isMissingNode() || value.isNull()) {
      return fallback;
    }
    if (!value.isIntegralNumber() || !value.canConvertToInt()) {
      throw invalid(key, value, "must be an integer");
    }
    return value.asInt();
  }

  double number(String key, double fallback) {
    JsonNode value = json.path(key);
    if (value.isMissingNode() || value.isNull()) {
      return fallback;
    }
    if (!value.isNumber()) {
      throw invalid(key, value, "must be a number");
    }
    return value.asDouble();
  }

  double requiredNumber(String key) {
    if (!json.hasNonNull(key)) {
      throw new ConfigException("Cannot read " + source + ": " + key + " is missing");
    }
    return number(key, 0);
  }

  boolean flag(String key, boolean fallback) {
    JsonNode value = json.path(key);
    if (value.isMissingNode() || value.isNull()) {
      return fallback;
    }
    if (!value.isBoolean()) {
      throw invalid(key, value, "must be true or false");
    }
    return value.asBoolean();
  }

  String text(String key, String fallback) {
    JsonNode value = json.path(key);
    if (value.isMissingNode() || value.isNull()) {
      return fallback;
    }
    if (!value.isTextual()) {
      throw invalid(key, value, "must be a string");
    }
    return value.asText();
  }

  /** One id, a list of ids, or none for null; the fallback when absent. */
  public List<Integer> tokenIds(String key, List<Integer> fallback) {
    JsonNode value = json.path(key);
    if (value.isMissingNode()) {
      return fallback;
    }
    List<Integer> ids = new ArrayList<>();
    if (!value.isNull()) {
      for (JsonNode id : value.isArray() ? value : List.of(value)) {
        if (!id.isIntegralNumber() || !id.canConvertToInt()) {
          throw invalid(key, value, "must be a token id or a list of token ids");
        }
        ids.add(id.asInt());
      }
    }
    return ids;
  }

  ConfigException invalid(String key, JsonNode value, String rule) {
    return new ConfigException("Invalid " + key + ": " + value + " (" + rule + ") in " + source);
  }
}
