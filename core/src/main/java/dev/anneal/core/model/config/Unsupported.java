package dev.anneal.core.model.config;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Settings of a config.json that change the maths and that no program here implements. They are
 * refused by name, never ignored.
 */
final class Unsupported {
  /** transformers' names of x · sigmoid(x). */
  private static final Set<String> SILU = Set.of("silu", "swish");

  private Unsupported() {}

  static List<String> whereTrue(JsonNode config, String... keys) {
    List<String> found = new ArrayList<>();
    for (String key : keys) {
      if (config.path(key).asBoolean(false)) {
        found.add(key + " true");
      }
    }
    return found;
  }

  /** What no family supports. */
  static List<String> inAnyFamily(JsonNode config) {
    List<String> found = new ArrayList<>();
    if (config.hasNonNull("quantization_config")) {
      String method = config.path("quantization_config").path("quant_method").asText("unknown");
      found.add("quantization_config (" + method + ")");
    }
    String activation = config.path("hidden_act").asText("silu");
    if (config.hasNonNull("hidden_act") && !SILU.contains(activation)) {
      found.add("hidden_act " + activation + " (supported: silu, swish)");
    }
    if (config.path("attention_dropout").asDouble(0) != 0) {
      found.add("attention_dropout " + config.path("attention_dropout").asText());
    }
    return found;
  }

  /**
   * Qwen's rule: the window exists only with {@code use_sliding_window}, from layer {@code
   * max_window_layers} on or where {@code layer_types} says so, and it never bites when it covers
   * every position.
   */
  static List<String> qwenSlidingWindow(JsonNode config, FamilyDefaults defaults) {
    if (!config.path("use_sliding_window").asBoolean(false)) {
      return slidingLayer(config) ? List.of("layer_types other than full_attention") : List.of();
    }
    JsonNode window = config.path("sliding_window");
    int size = window.asInt(4096);
    int layers = config.path("num_hidden_layers").asInt(defaults.layers());
    boolean someLayer =
        config.hasNonNull("layer_types")
            ? slidingLayer(config)
            : config.path("max_window_layers").asInt(28) < layers;
    return !window.isNull() && someLayer && size < positions(config, defaults)
        ? List.of("use_sliding_window true (sliding_window " + size + ")")
        : List.of();
  }

  private static boolean slidingLayer(JsonNode config) {
    for (JsonNode type : config.path("layer_types")) {
      if (!type.asText().equals("full_attention")) {
        return true;
      }
    }
    return false;
  }

  static int positions(JsonNode config, FamilyDefaults defaults) {
    return config.path("max_position_embeddings").asInt(defaults.maxPositionEmbeddings());
  }
}
