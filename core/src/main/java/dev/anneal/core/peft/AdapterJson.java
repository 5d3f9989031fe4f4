package dev.anneal.core.peft;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.MethodSettings;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/** The fields of an existing {@code adapter_config.json}. Thread-safe. */
final class AdapterJson {
  /** The version of a folder that is ours alone, since PEFT has no such method. */
  static final String OWN_FORMAT = "anneal_format";

  static final int OWN_FORMAT_VERSION = 1;

  private static final ObjectMapper JSON = new ObjectMapper();

  /** Keys of every method; none of them changes the maths. */
  private static final Set<String> COMMON =
      Set.of(
          OWN_FORMAT,
          "auto_mapping",
          "base_model_name_or_path",
          "inference_mode",
          "peft_type",
          "peft_version",
          "revision",
          "runtime_config",
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

  /** Whether a key has the value {@code true} itself. */
  boolean isTrue(String key) {
    return json.path(key).isBoolean() && json.path(key).asBoolean();
  }

  /**
   * The method's own settings, those that are null left out.
   *
   * @throws ConfigException that names what is missing, or is on and not supported
   */
  MethodSettings settings(AdapterRegistry.Entry entry) {
    PeftMethod method = entry.description();
    List<String> active = new ArrayList<>(active(List.of(method.unsupported())));
    active.addAll(otherTask());
    int version = json.path(OWN_FORMAT).asInt(OWN_FORMAT_VERSION);
    if (version != OWN_FORMAT_VERSION) {
      active.add(OWN_FORMAT + " " + version + " (supported: " + OWN_FORMAT_VERSION + ")");
    }
    refuse(active);
    for (String key : method.required()) {
      if (!json.hasNonNull(key)) {
        throw new ConfigException("Missing " + key + " in " + source + " (adapter.path)");
      }
    }
    ObjectNode own = JSON.createObjectNode();
    for (String key : entry.keys()) {
      if (json.hasNonNull(key)) {
        own.set(key, ordered(json.get(key)));
      }
    }
    return MethodSettings.ofJson(own.toString(), source);
  }

  /** A map as a list of maps of one entry, which keeps the file's order. */
  private static JsonNode ordered(JsonNode value) {
    if (!value.isObject()) {
      return value;
    }
    ArrayNode entries = JSON.createArrayNode();
    value
        .fields()
        .forEachRemaining(
            field -> entries.add(JSON.createObjectNode().set(field.getKey(), field.getValue())));
    return entries;
  }

  /** What a reader throws, with the file that it read. */
  <T> T read(Supplier<T> reader) {
    try {
      return reader.get();
    } catch (ConfigException e) {
      if (e.getMessage().contains(source)) {
        throw e;
      }
      throw new ConfigException(e.getMessage() + " in " + source + " (adapter.path)", e);
    }
  }

  /**
   * Of the given options those that are neither false, nor null, nor empty, as messages name them.
   */
  List<String> active(Collection<String> options) {
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
  private List<String> otherTask() {
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
  List<String> unknownKeys(AdapterRegistry.Entry entry) {
    PeftMethod method = entry.description();
    List<String> known = new ArrayList<>(COMMON);
    known.addAll(entry.keys());
    known.addAll(List.of(method.withoutEffect()));
    known.addAll(List.of(method.unsupported()));
    List<String> unknown = new ArrayList<>();
    json.fieldNames().forEachRemaining(unknown::add);
    unknown.removeAll(known);
    return unknown;
  }

  /** Whether a value means that nothing is on: null, false, an empty text, list or map. */
  static boolean neutral(Object value) {
    return value == null
        || Boolean.FALSE.equals(value)
        || value instanceof String text && text.isEmpty()
        || value instanceof Collection<?> list && list.isEmpty()
        || value instanceof Map<?, ?> map && map.isEmpty()
        || value instanceof JsonNode node && neutral(node);
  }

  private static boolean neutral(JsonNode value) {
    boolean emptyContainer = value.isContainerNode() && value.isEmpty();
    boolean emptyText = value.isTextual() && value.asText().isEmpty();
    return value.isNull() || emptyContainer || emptyText || value.isBoolean() && !value.asBoolean();
  }
}
