package dev.anneal.core.peft;

import dev.anneal.core.model.weights.LinearSite;
import java.util.List;

/** Biases beside LoRA, and both of two matrices that the model ties, each a copy of its own. */
class LoraSavedModulesTest extends AdapterMethodContract {
  @Override
  List<String> settings() {
    return List.of(
        "adapter.peft_type=LORA",
        "adapter.r=4",
        "adapter.lora_alpha=8",
        "adapter.target_modules=[q_proj, v_proj]",
        "adapter.bias=all",
        "adapter.modules_to_save=[lm_head, embed_tokens]");
  }

  @Override
  long trainedValues(LinearSite site) {
    return site.module().matches(".*[qv]_proj") ? 4 * (site.inFeatures() + site.outFeatures()) : 0;
  }

  /**
   * {@code record_adapter.py LORA r=4 lora_alpha=8 'target_modules=["q_proj","v_proj"]'
   * 'bias="all"' 'modules_to_save=["lm_head","embed_tokens"]'}
   */
  @Override
  Recorded recorded() {
    return new Recorded(5.626269241, 11.745279082, 16, "base_model.model.lm_head.weight [97, 40]");
  }
}
