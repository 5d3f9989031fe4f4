package dev.anneal.core.peft;

import dev.anneal.core.model.weights.LinearSite;
import java.util.List;

/** Weight-decomposed LoRA. */
class DoraTest extends AdapterMethodContract {
  @Override
  List<String> settings() {
    return List.of(
        "adapter.peft_type=LORA", "adapter.r=4", "adapter.lora_alpha=8", "adapter.use_dora=true");
  }

  @Override
  long trainedValues(LinearSite site) {
    return 4 * (site.inFeatures() + site.outFeatures()) + site.outFeatures();
  }

  /** {@code record_adapter.py LORA r=4 lora_alpha=8 'target_modules="all-linear"' use_dora=true} */
  @Override
  Recorded recorded() {
    return new Recorded(
        6.986646908,
        1.806165901,
        42,
        "base_model.model.model.layers.0.mlp.down_proj.lora_A.weight [4, 44]");
  }
}
