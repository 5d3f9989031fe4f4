package dev.anneal.core.peft;

import dev.anneal.core.model.weights.LinearSite;
import java.util.List;

/** LoRA that begins with the largest singular values. */
class PissaTest extends AdapterMethodContract {
  @Override
  List<String> settings() {
    return List.of(
        "adapter.peft_type=LORA",
        "adapter.r=4",
        "adapter.lora_alpha=8",
        "adapter.init_lora_weights=pissa");
  }

  @Override
  long trainedValues(LinearSite site) {
    return 4 * (site.inFeatures() + site.outFeatures());
  }

  /**
   * {@code record_adapter.py LORA r=4 lora_alpha=8 'target_modules="all-linear"'
   * 'init_lora_weights="pissa"'}
   */
  @Override
  Recorded recorded() {
    return new Recorded(
        5.435431892,
        7.268927802,
        28,
        "base_model.model.model.layers.0.mlp.down_proj.lora_A.weight [4, 44]");
  }

  /** Parts of W are one matrix with the trained ones in the file, and two here. */
  @Override
  double roundTripTolerance() {
    return 1e-6;
  }
}
