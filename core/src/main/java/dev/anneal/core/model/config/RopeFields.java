package dev.anneal.core.model.config;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.anneal.core.config.ConfigException;

/**
 * The rotary settings of a config.json: {@code rope_theta} and {@code rope_scaling} (transformers
 * 4) or {@code rope_parameters} (5), {@code rope_scaling} winning where both stand, as in
 * transformers.
 */
final class RopeFields {
  private static final double DEFAULT_THETA = 10_000;

  private final ConfigFields fields;
  private final ConfigFields rope;
  private final int defaultPositions;

  RopeFields(ConfigFields fields, int defaultPositions) {
    this.fields = fields;
    this.defaultPositions = defaultPositions;
    this.rope = new ConfigFields(fields.source(), section(fields));
    checkPartialFactor();
  }

  private static JsonNode section(ConfigFields fields) {
    JsonNode json = fields.json();
    for (String key : new String[] {"rope_scaling", "rope_parameters"}) {
      JsonNode section = json.path(key);
      if (section.isMissingNode() || section.isNull() || section.isEmpty() && section.isObject()) {
        continue;
      }
      if (!section.isObject()) {
        throw fields.invalid(key, section, "must be an object or null");
      }
      for (JsonNode value : section) {
        if (value.isObject()) {
          throw new ConfigException(
              "Unsupported in " + fields.source() + ": " + key + " by layer type (model.path)");
        }
      }
      return section;
    }
    return JsonNodeFactory.instance.objectNode();
  }

  private void checkPartialFactor() {
    double top = fields.number("partial_rotary_factor", 1);
    double factor = rope.number("partial_rotary_factor", top);
    if (factor != 1) {
      throw new ConfigException(
          "Unsupported in "
              + fields.source()
              + ": partial_rotary_factor "
              + factor
              + " (must be 1)");
    }
  }

  /** The base; two different values in the two places are an error. */
  double theta() {
    double top = fields.number("rope_theta", DEFAULT_THETA);
    double nested =
        new ConfigFields(fields.source(), fields.json().path("rope_parameters"))
            .number("rope_theta", top);
    double theta = rope.number("rope_theta", nested);
    if (fields.json().hasNonNull("rope_theta") && theta != top) {
      throw new ConfigException(
          "Invalid rope_theta: "
              + top
              + " (rope_parameters says "
              + theta
              + ") in "
              + fields.source());
    }
    return theta;
  }

  RopeScaling scaling() {
    String type = rope.text("rope_type", rope.text("type", "default"));
    return switch (type) {
      case "default" -> new RopeScaling.None();
      case "linear" -> new RopeScaling.Linear(rope.requiredNumber("factor"));
      case "llama3" ->
          new RopeScaling.Llama3(
              rope.requiredNumber("factor"),
              rope.requiredNumber("low_freq_factor"),
              rope.requiredNumber("high_freq_factor"),
              originalPositions());
      default ->
          throw new ConfigException(
              "Unsupported rope_type: "
                  + type
                  + " (supported: default, linear, llama3) in "
                  + fields.source());
    };
  }

  private int originalPositions() {
    int positions = fields.integer("max_position_embeddings", defaultPositions);
    int nested = rope.integer("original_max_position_embeddings", positions);
    return fields.integer("original_max_position_embeddings", nested);
  }
}
