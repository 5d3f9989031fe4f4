package dev.anneal.core.model.weights;

import dev.anneal.core.model.config.WeightNames;

/**
 * A linear module that an adapter may attach to.
 *
 * @param module its path in the Hugging Face model, such as {@code model.layers.0.self_attn.q_proj}
 * @param layer index of its decoder layer
 * @param inFeatures width of its input
 * @param outFeatures width of its output
 */
public record LinearSite(String module, int layer, long inFeatures, long outFeatures) {
  /** Its matrix [out, in] among the decoder's weights. */
  public String weightName() {
    return module + ".weight";
  }

  /** The path inside the layer: what the layer program calls the site. */
  public String nameInLayer() {
    return module.substring(WeightNames.layer(layer, "").length());
  }
}
