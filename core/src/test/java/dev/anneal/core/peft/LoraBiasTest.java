package dev.anneal.core.peft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.assembly.TrainedModel;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.ModelConfig.LayerBackward;
import dev.anneal.core.export.MergedWeights;
import dev.anneal.core.model.LayerStorage;
import dev.anneal.core.model.weights.DecoderLayout;
import dev.anneal.core.model.weights.LinearSite;
import dev.anneal.core.tensor.Device;
import dev.anneal.core.tensor.TensorRuntime;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A bias of B, over modules that have one themselves, which is trained too. */
class LoraBiasTest extends AdapterMethodContract {
  @Override
  List<String> settings() {
    return List.of(
        "adapter.peft_type=LORA",
        "adapter.r=4",
        "adapter.lora_alpha=8",
        "adapter.lora_bias=true",
        "adapter.bias=lora_only",
        "adapter.target_modules=[q_proj, v_proj]");
  }

  @Override
  long trainedValues(LinearSite site) {
    return site.module().matches(".*[qv]_proj")
        ? 4 * (site.inFeatures() + site.outFeatures()) + site.outFeatures()
        : 0;
  }

  /**
   * {@code record_adapter.py LORA r=4 lora_alpha=8 lora_bias=true 'bias="lora_only"'
   * 'target_modules=["q_proj","v_proj"]'}
   */
  @Override
  Recorded recorded() {
    return new Recorded(
        5.521377305,
        2.888680952,
        16,
        "base_model.model.model.layers.0.self_attn.q_proj.base_layer.bias [40]");
  }

  @Test
  void isNoChangeOfAModelWhereAModuleHasNoBias() {
    DecoderLayout layout = new DecoderLayout(AdaptedModel.MODEL.config());
    assertThat(Methods.lora("lora_bias=true", "target_modules=[q_proj]").unmergeable(layout))
        .isEmpty();
    assertThat(
            Methods.lora("lora_bias=true", "target_modules=[q_proj,down_proj]").unmergeable(layout))
        .hasValue("with lora_bias, since model.layers.0.mlp.down_proj has no bias to take it");
  }

  @Test
  void isNotMergedThere() {
    AdapterMethod method = Methods.lora("lora_bias=true", "target_modules=[lm_head]");
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU)) {
      runtime.prepareThread(1);
      try (TrainedModel model =
          AdaptedModel.open(runtime, method, LayerStorage.KEEP, LayerBackward.AUTO)) {
        assertThatThrownBy(() -> MergedWeights.requireMergeable(model))
            .isInstanceOf(ConfigException.class)
            .hasMessage(
                "Cannot merge LORA: with lora_bias, since lm_head has no bias to take it (set"
                    + " export.format to adapter)");
      }
    }
  }

  @Test
  void refusesWhatPeftRefuses() {
    assertThatThrownBy(() -> Methods.lora("lora_bias=true", "use_dora=true"))
        .isInstanceOf(ConfigException.class)
        .hasMessage("Invalid adapter.lora_bias: true (must be false with use_dora)");
    assertThatThrownBy(() -> Methods.lora("lora_bias=true", "init_lora_weights=gaussian"))
        .hasMessage(
            "Invalid adapter.lora_bias: true (must be false with init_lora_weights = gaussian)");
  }
}
