package dev.anneal.core.peft;

import dev.anneal.core.model.LinearSite;
import java.util.List;

class Ia3Test extends AdapterMethodContract {
  @Override
  List<String> settings() {
    return List.of(
        "adapter.peft_type=IA3", "adapter.target_modules=[q_proj, k_proj, v_proj, down_proj]");
  }

  @Override
  long trainedValues(LinearSite site) {
    return site.module().matches(".*(q|k|v|down)_proj") ? site.outFeatures() : 0;
  }

  /**
   * {@code record_adapter.py IA3 feedforward_modules=[]
   * 'target_modules=["q_proj","k_proj","v_proj","down_proj"]'}
   */
  @Override
  Recorded recorded() {
    return new Recorded(
        5.679631369, 1.314094207, 8, "base_model.model.model.layers.0.mlp.down_proj.ia3_l [40, 1]");
  }
}
