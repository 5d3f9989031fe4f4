package dev.anneal.core.model.config;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.anneal.core.format.HuggingFaceJson;

/**
 * The {@code config.json} of an exported model: the original with only what changed. Rotary
 * settings and dtype are written in the forms of both transformers 4 and 5, because either version
 * silently takes its defaults where it finds only the other's.
 */
public final class ModelConfigJson {
  private ModelConfigJson() {}

  /**
   * @param original the base model's config.json
   * @param config what the exported model is; its {@code storageType}, {@code vocabSize} and {@code
   *     tieWordEmbeddings} are what the weights beside the file are
   */
  public static byte[] render(ObjectNode original, DecoderConfig config) {
    ObjectNode json = original.deepCopy();
    if (!json.hasNonNull("architectures")) {
      json.putArray("architectures").add(config.family().architecture());
    }
    json.put("vocab_size", config.vocabSize());
    json.put("tie_word_embeddings", config.tieWordEmbeddings());
    json.put("torch_dtype", config.storageType());
    json.put("dtype", config.storageType());
    json.put("rope_theta", config.ropeTheta());
    ObjectNode parameters = ropeParameters(config.ropeScaling());
    if (config.ropeScaling() instanceof RopeScaling.None) {
      json.putNull("rope_scaling");
    } else {
      json.set("rope_scaling", parameters.deepCopy());
    }
    json.set("rope_parameters", parameters.put("rope_theta", config.ropeTheta()));
    return HuggingFaceJson.render(json);
  }

  private static ObjectNode ropeParameters(RopeScaling scaling) {
    ObjectNode parameters =
        JsonNodeFactory.instance.objectNode().put("rope_type", scaling.ropeType());
    if (scaling instanceof RopeScaling.Linear linear) {
      parameters.put("factor", linear.factor());
    } else if (scaling instanceof RopeScaling.Llama3 llama3) {
      parameters.put("factor", llama3.factor());
      parameters.put("low_freq_factor", llama3.lowFrequencyFactor());
      parameters.put("high_freq_factor", llama3.highFrequencyFactor());
      parameters.put("original_max_position_embeddings", llama3.originalMaxPositions());
    }
    return parameters;
  }
}
