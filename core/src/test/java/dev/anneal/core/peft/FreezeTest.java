package dev.anneal.core.peft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.model.weights.DecoderLayout;
import java.util.List;
import org.junit.jupiter.api.Test;

class FreezeTest extends WholeWeightsContract {
  private static final DecoderLayout LAYOUT = new DecoderLayout(AdaptedModel.MODEL.config());

  @Override
  List<String> settings() {
    return List.of(
        "adapter.peft_type=FREEZE",
        "adapter.freeze_trainable_layers=1",
        "adapter.freeze_trainable_modules=[gate_proj, up_proj, down_proj]",
        "adapter.freeze_extra_modules=[model.norm]");
  }

  @Override
  List<String> trained() {
    return List.of(
        "model.layers.1.mlp.gate_proj.weight",
        "model.layers.1.mlp.up_proj.weight",
        "model.layers.1.mlp.down_proj.weight",
        "model.norm.weight");
  }

  /** {@code record_adapter.py WEIGHTS 'model.layers.1.mlp.*|model.norm.weight'} */
  @Override
  Recorded recorded() {
    return new Recorded(4.587816743, 0.607070165);
  }

  @Test
  void trainsTheLastOrTheFirstLayers() {
    assertThat(Methods.of("FREEZE", "freeze_trainable_layers=1").trainedWeights(LAYOUT))
        .hasSize(12)
        .allMatch(name -> name.startsWith("model.layers.1."));
    assertThat(Methods.of("FREEZE", "freeze_trainable_layers=-1").trainedWeights(LAYOUT))
        .hasSize(12)
        .allMatch(name -> name.startsWith("model.layers.0."));
    assertThat(
            Methods.of("FREEZE", "freeze_trainable_layers=0", "freeze_extra_modules=embed_tokens")
                .trainedWeights(LAYOUT))
        .containsExactly("model.embed_tokens.weight");
  }

  @Test
  void aBlockIsMeantByItsName() {
    assertThat(
            Methods.of("FREEZE", "freeze_trainable_layers=1", "freeze_trainable_modules=mlp")
                .trainedWeights(LAYOUT))
        .containsExactlyInAnyOrder(
            "model.layers.1.mlp.gate_proj.weight",
            "model.layers.1.mlp.up_proj.weight",
            "model.layers.1.mlp.down_proj.weight");
    assertThat(
            Methods.of("FREEZE", "freeze_trainable_layers=1", "freeze_trainable_modules=1")
                .trainedWeights(LAYOUT))
        .isEmpty();
  }

  @Test
  void refusesNothingAtAllAndMoreLayersThanThereAre() {
    assertThatThrownBy(() -> Methods.of("FREEZE", "freeze_trainable_layers=0"))
        .hasMessageContaining("adapter.freeze_trainable_layers: 0 (must not be 0 without");
    assertThatThrownBy(
            () -> Methods.of("FREEZE", "freeze_trainable_layers=-3").trainedWeights(LAYOUT))
        .hasMessage("Invalid adapter.freeze_trainable_layers: -3 (the model has 2 layers)");
  }
}
