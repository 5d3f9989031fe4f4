package dev.anneal.core.model.config;

import com.fasterxml.jackson.databind.JsonNode;
import dev.anneal.core.config.ConfigException;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads a model's {@code config.json} in the form of transformers 4 or 5. What it states and no
 * program here implements is an error by name. Thread-safe.
 */
public final class DecoderConfigParser {
  private DecoderConfigParser() {}

  /**
   * @param source what messages call the file
   */
  public static DecoderConfig parse(JsonNode json, String source) {
    if (!json.isObject()) {
      throw new ConfigException("Cannot read " + source + ": not a JSON object");
    }
    ConfigFields fields = new ConfigFields(source, json);
    DecoderFamily family = family(fields);
    List<String> unsupported = new ArrayList<>(Unsupported.inAnyFamily(json));
    unsupported.addAll(family.unsupported(json));
    if (!unsupported.isEmpty()) {
      throw new ConfigException(
          "Unsupported in " + source + ": " + String.join("; ", unsupported) + " (model.path)");
    }
    try {
      return read(fields, family);
    } catch (IllegalArgumentException e) {
      throw new ConfigException(e.getMessage() + " in " + source, e);
    }
  }

  private static DecoderFamily family(ConfigFields fields) {
    String modelType = fields.text("model_type", "");
    return DecoderFamily.of(modelType)
        .orElseThrow(
            () ->
                new ConfigException(
                    "Unsupported model_type: "
                        + (modelType.isEmpty() ? "none" : modelType)
                        + " (supported: "
                        + DecoderFamily.supportedTypes()
                        + ") in "
                        + fields.source()));
  }

  private static DecoderConfig read(ConfigFields fields, DecoderFamily family) {
    FamilyDefaults defaults = family.defaults();
    int hidden = fields.integer("hidden_size", defaults.hiddenSize());
    int heads = fields.integer("num_attention_heads", defaults.attentionHeads());
    RopeFields rope = new RopeFields(fields, defaults.maxPositionEmbeddings());
    return new DecoderConfig(
        family,
        fields.integer("vocab_size", defaults.vocabSize()),
        hidden,
        fields.integer("intermediate_size", defaults.intermediateSize()),
        fields.integer("num_hidden_layers", defaults.layers()),
        heads,
        keyValueHeads(fields, defaults, heads),
        headDim(fields, defaults, hidden, heads),
        fields.integer("max_position_embeddings", defaults.maxPositionEmbeddings()),
        fields.number("rms_norm_eps", 1e-6),
        fields.number("initializer_range", 0.02),
        fields.flag("tie_word_embeddings", defaults.tieWordEmbeddings()),
        rope.theta(),
        rope.scaling(),
        fields.text("dtype", fields.text("torch_dtype", "float32")),
        fields.tokenIds("bos_token_id", defaults.bosTokenIds()),
        fields.tokenIds("eos_token_id", defaults.eosTokenIds()));
  }

  /** Absent: the family's number. An explicit null: as many as attention heads. */
  private static int keyValueHeads(ConfigFields fields, FamilyDefaults defaults, int heads) {
    boolean absent = !fields.json().has("num_key_value_heads");
    int fallback = absent && defaults.keyValueHeads() > 0 ? defaults.keyValueHeads() : heads;
    return fields.integer("num_key_value_heads", fallback);
  }

  private static int headDim(ConfigFields fields, FamilyDefaults defaults, int hidden, int heads) {
    boolean absent = !fields.json().has("head_dim");
    if (absent && defaults.headDim() > 0) {
      return defaults.headDim();
    }
    return fields.integer("head_dim", heads > 0 ? hidden / heads : 0);
  }
}
