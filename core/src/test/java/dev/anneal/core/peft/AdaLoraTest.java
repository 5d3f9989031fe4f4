package dev.anneal.core.peft;

import dev.anneal.core.model.weights.LinearSite;
import java.util.List;

class AdaLoraTest extends AdapterMethodContract {
  @Override
  List<String> settings() {
    return List.of(
        "adapter.peft_type=ADALORA",
        "adapter.init_r=4",
        "adapter.target_r=2",
        "adapter.lora_alpha=8",
        "adapter.total_step=10");
  }

  @Override
  long trainedValues(LinearSite site) {
    return 4 * (site.inFeatures() + site.outFeatures() + 1);
  }

  /**
   * {@code record_adapter.py ADALORA init_r=4 target_r=2 lora_alpha=8 total_step=10
   * 'target_modules="all-linear"'}
   */
  @Override
  Recorded recorded() {
    return new Recorded(
        5.372005398,
        1.699157291,
        42,
        "base_model.model.model.layers.0.mlp.down_proj.lora_A [4, 44]");
  }
}
