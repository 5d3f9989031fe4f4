package dev.anneal.core.model.config;

import dev.anneal.core.format.Shape;
import java.util.ArrayList;
import java.util.List;

/** Hugging Face names and shapes of a decoder's weights. */
public final class WeightNames {
  public static final String EMBED_TOKENS = "model.embed_tokens.weight";
  public static final String FINAL_NORM = "model.norm.weight";
  public static final String LM_HEAD = "lm_head.weight";
  public static final String LM_HEAD_PATH = "lm_head";
  public static final String EMBED_TOKENS_PATH = "model.embed_tokens";

  /** The matrices with a row for each token. */
  public static final List<String> EMBEDDINGS = List.of(EMBED_TOKENS, LM_HEAD);

  private WeightNames() {}

  /** Name of a part of a layer, such as {@code layer(0, "mlp.up_proj.weight")}. */
  public static String layer(int layer, String part) {
    return "model.layers." + layer + "." + part;
  }

  /** The output matrix: the embedding itself where they are tied. */
  public static String head(DecoderConfig config) {
    return config.tieWordEmbeddings() ? EMBED_TOKENS : LM_HEAD;
  }

  /** The seven linear maps of a layer, in the order in which the layer uses them. */
  public static List<LinearSpec> layerLinears(DecoderConfig config, int layer) {
    boolean bias = config.family().queryKeyValueBias();
    int hidden = config.hiddenSize();
    int keyValue = config.keyValueWidth();
    int inner = config.intermediateSize();
    return List.of(
        new LinearSpec(layer(layer, "self_attn.q_proj"), hidden, config.queryWidth(), bias),
        new LinearSpec(layer(layer, "self_attn.k_proj"), hidden, keyValue, bias),
        new LinearSpec(layer(layer, "self_attn.v_proj"), hidden, keyValue, bias),
        new LinearSpec(layer(layer, "self_attn.o_proj"), config.queryWidth(), hidden, false),
        new LinearSpec(layer(layer, "mlp.gate_proj"), hidden, inner, false),
        new LinearSpec(layer(layer, "mlp.up_proj"), hidden, inner, false),
        new LinearSpec(layer(layer, "mlp.down_proj"), inner, hidden, false));
  }

  /** Every linear map of the model's layers; the output matrix is not among them. */
  public static List<LinearSpec> linears(DecoderConfig config) {
    List<LinearSpec> linears = new ArrayList<>();
    for (int layer = 0; layer < config.layers(); layer++) {
      linears.addAll(layerLinears(config, layer));
    }
    return linears;
  }

  /** Weights of one layer. */
  public static List<WeightSpec> layerWeights(DecoderConfig config, int layer) {
    Shape hidden = Shape.of(config.hiddenSize());
    Shape head = Shape.of(config.headDim());
    List<WeightSpec> weights = new ArrayList<>();
    weights.add(new WeightSpec(layer(layer, "input_layernorm.weight"), hidden));
    for (LinearSpec linear : layerLinears(config, layer)) {
      weights.add(new WeightSpec(linear.weightName(), Shape.of(linear.out(), linear.in())));
      if (linear.bias()) {
        weights.add(new WeightSpec(linear.biasName(), Shape.of(linear.out())));
      }
    }
    if (config.family().queryKeyNorm()) {
      weights.add(new WeightSpec(layer(layer, "self_attn.q_norm.weight"), head));
      weights.add(new WeightSpec(layer(layer, "self_attn.k_norm.weight"), head));
    }
    weights.add(new WeightSpec(layer(layer, "post_attention_layernorm.weight"), hidden));
    return weights;
  }

  /** All weights: embedding, layers, final norm, and the output matrix where it is not tied. */
  public static List<WeightSpec> expected(DecoderConfig config) {
    Shape embedding = Shape.of(config.vocabSize(), config.hiddenSize());
    List<WeightSpec> weights = new ArrayList<>();
    weights.add(new WeightSpec(EMBED_TOKENS, embedding));
    for (int layer = 0; layer < config.layers(); layer++) {
      weights.addAll(layerWeights(config, layer));
    }
    weights.add(new WeightSpec(FINAL_NORM, Shape.of(config.hiddenSize())));
    if (!config.tieWordEmbeddings()) {
      weights.add(new WeightSpec(LM_HEAD, embedding));
    }
    return weights;
  }
}
