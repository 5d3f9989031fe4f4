package dev.anneal.core.peft;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.anneal.core.config.ConfigException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.regex.PatternSyntaxException;

/** The fields of an existing {@code adapter_config.json}, checked as they are read. Thread-safe. */
final class AdapterJson {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Keys of every method; none of them changes the maths. */
  private static final Set<String> COMMON =
      Set.of(
          "auto_mapping",
          "base_model_name_or_path",
          "inference_mode",
          "peft_type",
          "peft_version",
          "revision",
          "runtime_config",
          "target_modules",
          "task_type");

  private final JsonNode json;
  private final String source;

  private AdapterJson(JsonNode json, String source) {
    this.json = json;
    this.source = source;
  }

  /**
   * @param source what messages call the file
   */
  static AdapterJson parse(byte[] bytes, String source) {
    JsonNode json;
    try {
      json = JSON.readTree(bytes);
    } catch (IOException e) {
      throw new ConfigException("Cannot read " + source + ": not JSON (adapter.path)", e);
    }
    if (!json.isObject()) {
      throw new ConfigException("Cannot read " + source + ": not a JSON object (adapter.path)");
    }
    return new AdapterJson(json, source);
  }

  String source() {
    return source;
  }

  /** The value of {@code peft_type}, or {@code none}. */
  String peftType() {
    return json.path("peft_type").asText("none");
  }

  /** {@code base_model_name_or_path}, or empty. */
  String baseModel() {
    return json.path("base_model_name_or_path").asText("").replaceFirst("^null$", "");
  }

  boolean has(String key) {
    return json.hasNonNull(key);
  }

  boolean flag(String key) {
    return json.path(key).asBoolean(false);
  }

  /** Whether a key has the value {@code true} itself. */
  boolean isTrue(String key) {
    return json.path(key).isBoolean() && flag(key);
  }

  /** A scalar as text; the other text where it is absent or null. */
  String text(String key, String otherwise) {
    return json.path(key).asText(otherwise);
  }

  /** An integer above zero. */
  int positive(String key) {
    return positive(key, json.path(key));
  }

  double number(String key) {
    return number(key, json.path(key));
  }

  /** Integers above zero by module, in the file's order. */
  Map<String, Integer> positivePatterns(String key) {
    return patterns(key, this::positive);
  }

  /** Numbers by module, in the file's order. */
  Map<String, Double> numberPatterns(String key) {
    return patterns(key, this::number);
  }

  AdapterTargets targetModules() {
    JsonNode targets = json.path("target_modules");
    List<String> names = targetNames(targets);
    boolean expression = targets.isTextual() && names.isEmpty();
    return new AdapterTargets(names, expression ? expression(targets) : "");
  }

  /**
   * Of the given options those that are neither false, nor null, nor empty, as messages name them.
   */
  List<String> active(Set<String> options) {
    List<String> active = new ArrayList<>();
    json.fields()
        .forEachRemaining(
            field -> {
              if (options.contains(field.getKey()) && !neutral(field.getValue())) {
                active.add(field.getKey() + " " + field.getValue());
              }
            });
    return active;
  }

  /** The task, as messages name it, where it is not causal. */
  List<String> otherTask() {
    List<String> active = new ArrayList<>();
    if (!json.path("task_type").isNull()
        && !json.path("task_type").asText("CAUSAL_LM").equals("CAUSAL_LM")) {
      active.add("task_type " + json.get("task_type"));
    }
    return active;
  }

  /** Refuses options by name, if there are any. */
  void refuse(List<String> active) {
    if (!active.isEmpty()) {
      throw new ConfigException(
          "Unsupported in " + source + ": " + String.join("; ", active) + " (adapter.path)");
    }
  }

  /** Keys that neither every method has nor this one. */
  List<String> unknownKeys(Set<String> known) {
    List<String> unknown = new ArrayList<>();
    json.fieldNames()
        .forEachRemaining(
            name -> {
              if (!COMMON.contains(name) && !known.contains(name)) {
                unknown.add(name);
              }
            });
    return unknown;
  }

  private static boolean neutral(JsonNode value) {
    boolean emptyContainer = value.isContainerNode() && value.isEmpty();
    boolean emptyText = value.isTextual() && value.asText().isEmpty();
    return value.isNull() || emptyContainer || emptyText || value.isBoolean() && !value.asBoolean();
  }

  private List<String> targetNames(JsonNode targets) {
    if (targets.isTextual()) {
      boolean all = targets.asText().toLowerCase(Locale.ROOT).equals(TargetModules.ALL_LINEAR);
      return all ? List.of(TargetModules.ALL_LINEAR) : List.of();
    }
    List<String> names = new ArrayList<>();
    for (JsonNode target : targets) {
      if (!target.isTextual()) {
        throw invalid("target_modules", targets, "must be a list of names or one expression");
      }
      names.add(target.asText());
    }
    if (names.isEmpty()) {
      throw invalid("target_modules", targets, "must name at least one module");
    }
    return names;
  }

  private String expression(JsonNode targets) {
    try {
      PythonPattern.compile(targets.asText());
      return targets.asText();
    } catch (PatternSyntaxException e) {
      throw invalid("target_modules", targets, "not a regular expression: " + e.getDescription());
    }
  }

  private <T> Map<String, T> patterns(String key, BiFunction<String, JsonNode, T> read) {
    Map<String, T> patterns = new LinkedHashMap<>();
    json.path(key)
        .fields()
        .forEachRemaining(entry -> patterns.put(entry.getKey(), read.apply(key, entry.getValue())));
    ModulePattern.requireExpressions(key + " in " + source, patterns);
    return patterns;
  }

  private int positive(String key, JsonNode value) {
    if (!value.isIntegralNumber() || !value.canConvertToInt() || value.asInt() <= 0) {
      throw invalid(key, value, "must be an integer > 0");
    }
    return value.asInt();
  }

  private double number(String key, JsonNode value) {
    if (!value.isNumber()) {
      throw invalid(key, value, "must be a number");
    }
    return value.asDouble();
  }

  private ConfigException invalid(String key, JsonNode value, String rule) {
    String shown = value.isMissingNode() ? "nothing" : value.toString();
    return new ConfigException("Invalid " + key + ": " + shown + " (" + rule + ") in " + source);
  }
}
