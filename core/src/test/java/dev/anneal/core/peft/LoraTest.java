package dev.anneal.core.peft;

import dev.anneal.core.model.weights.LinearSite;
import java.util.List;

class LoraTest extends AdapterMethodContract {
  @Override
  List<String> settings() {
    return List.of("adapter.peft_type=LORA", "adapter.r=4", "adapter.lora_alpha=8");
  }

  @Override
  long trainedValues(LinearSite site) {
    return 4 * (site.inFeatures() + site.outFeatures());
  }

  /** {@code record_adapter.py LORA r=4 lora_alpha=8 'target_modules="all-linear"'} */
  @Override
  Recorded recorded() {
    return new Recorded(
        5.612975046,
        5.649617154,
        28,
        "base_model.model.model.layers.0.mlp.down_proj.lora_A.weight [4, 44]");
  }
}
