package dev.anneal.core.peft;

import dev.anneal.core.model.weights.LinearSite;
import java.util.List;

/** Rows of other tokens at the embedding than at the output matrix, which the model ties. */
class TrainableTokensOfBothTest extends AdapterMethodContract {
  @Override
  List<String> settings() {
    return List.of(
        "adapter.peft_type=LORA",
        "adapter.r=4",
        "adapter.lora_alpha=8",
        "adapter.target_modules=[v_proj]",
        "adapter.trainable_token_indices={embed_tokens = [5, 90, 17], lm_head = [2, 5]}");
  }

  @Override
  long trainedValues(LinearSite site) {
    return site.module().endsWith("v_proj") ? 4 * (site.inFeatures() + site.outFeatures()) : 0;
  }

  @Override
  long trainedValuesOutside(LinearSite site) {
    return site.isEmbedding() ? 3 * site.outFeatures() : 2 * site.inFeatures();
  }

  /**
   * {@code record_adapter.py LORA r=4 lora_alpha=8 'target_modules=["v_proj"]'
   * 'trainable_token_indices={"embed_tokens":[5,90,17],"lm_head":[2,5]}'}
   */
  @Override
  Recorded recorded() {
    return new Recorded(
        5.405369894,
        2.825634488,
        6,
        "base_model.model.lm_head.token_adapter.trainable_tokens_delta [2, 40]");
  }
}
