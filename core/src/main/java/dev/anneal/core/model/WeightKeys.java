package dev.anneal.core.model;

/** Hugging Face names of the weights of a Llama-like decoder. */
public final class WeightKeys {
  public static final String EMBEDDING = "model.embed_tokens.weight";
  public static final String FINAL_NORM = "model.norm.weight";
  public static final String HEAD = "lm_head.weight";

  private WeightKeys() {}

  /** What the names of a layer's weights begin with. */
  public static String layerPrefix(int layer) {
    return "model.layers." + layer + ".";
  }
}
