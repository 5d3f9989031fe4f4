package dev.anneal.core.peft;

import dev.anneal.core.model.weights.LinearSite;
import java.util.List;

class Ia3Test extends AdapterMethodContract {
  @Override
  List<String> settings() {
    return List.of(
        "adapter.peft_type=IA3", "adapter.target_modules=[q_proj, k_proj, v_proj, down_proj]");
  }

  @Override
  long trainedValues(LinearSite site) {
    return switch (site.module().replaceAll(".*\\.", "")) {
      case "q_proj", "k_proj", "v_proj" -> site.outFeatures();
      case "down_proj" -> site.inFeatures();
      default -> 0;
    };
  }

  /**
   * {@code record_adapter.py IA3 'target_modules=["q_proj","v_proj","k_proj","down_proj"]'
   * 'feedforward_modules=["down_proj"]'}
   */
  @Override
  Recorded recorded() {
    return new Recorded(
        5.664468309, 1.358498654, 8, "base_model.model.model.layers.0.mlp.down_proj.ia3_l [1, 44]");
  }
}
