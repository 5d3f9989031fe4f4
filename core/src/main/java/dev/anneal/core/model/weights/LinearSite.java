package dev.anneal.core.model.weights;

import dev.anneal.core.model.config.WeightNames;

/**
 * A linear module that an adapter may attach to, or the embedding, a linear map of one-hot tokens
 * whose matrix is stored the other way round, [in, out].
 *
 * @param module its path in the Hugging Face model, such as {@code model.layers.0.self_attn.q_proj}
 * @param layer index of its decoder layer; {@link #OUTSIDE} for embedding and output matrix
 * @param inFeatures width of its input
 * @param outFeatures width of its output
 */
public record LinearSite(String module, int layer, long inFeatures, long outFeatures) {
  /** The layer of what stands outside of all. */
  public static final int OUTSIDE = -1;

  /** Whether it is the embedding. */
  public boolean isEmbedding() {
    return weightName().equals(WeightNames.EMBED_TOKENS);
  }

  /** Its matrix [out, in] among the decoder's weights. */
  public String weightName() {
    return module + ".weight";
  }

  /** The sizes of its matrix as it is stored. */
  public long[] storedShape() {
    return isEmbedding()
        ? new long[] {inFeatures, outFeatures}
        : new long[] {outFeatures, inFeatures};
  }

  /** The path inside the layer, or the last name outside: what programs call the site. */
  public String nameInLayer() {
    if (layer == OUTSIDE) {
      return module.substring(module.lastIndexOf('.') + 1);
    }
    return module.substring(WeightNames.layer(layer, "").length());
  }
}
