package dev.anneal.core.peft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.model.weights.DecoderLayout;
import dev.anneal.core.model.weights.LinearSite;
import dev.anneal.core.model.weights.ParameterSpec;
import java.util.List;
import org.junit.jupiter.api.Test;

class VeraTest extends AdapterMethodContract {
  @Override
  List<String> settings() {
    return List.of(
        "adapter.peft_type=VERA",
        "adapter.r=6",
        "adapter.target_modules=[q_proj, v_proj, up_proj, down_proj]");
  }

  @Override
  long trainedValues(LinearSite site) {
    return site.module().matches(".*(q|v|up|down)_proj") ? site.outFeatures() + 6 : 0;
  }

  /**
   * {@code record_adapter.py VERA r=6 'target_modules=["q_proj","v_proj","up_proj","down_proj"]'}
   */
  @Override
  Recorded recorded() {
    return new Recorded(
        5.320280098,
        0.183099680,
        16,
        "base_model.model.model.layers.0.mlp.down_proj.vera_lambda_b [40]");
  }

  /** A vector's elements are sums of products that all but cancel. */
  @Override
  double sameGradient() {
    return 5e-5;
  }

  @Test
  void sharesMatricesAsLargeAsTheLargestModule() {
    AdapterMethod method = Methods.of("VERA", "r=6", "target_modules=[q_proj, down_proj]");
    List<ParameterSpec> shared =
        method.sharedBuffers(new DecoderLayout(AdaptedModel.MODEL.config()));
    assertThat(shared).extracting(ParameterSpec::name).containsExactly("vera_A", "vera_B");
    assertThat(shared)
        .extracting(spec -> spec.shape().dimensions())
        .containsExactly(List.of(6L, 44L), List.of(40L, 6L));
    assertThat(shared)
        .extracting(method::exportName)
        .containsExactly("base_model.vera_A", "base_model.vera_B");
    assertThat(method.initialValue(shared.get(0), 1).at(7))
        .as("by its own key, not the run's seed")
        .isEqualTo(method.initialValue(shared.get(0), 2).at(7));
  }

  @Test
  void refusesMatricesThatOnlyTorchCanDraw() {
    assertThatThrownBy(() -> Methods.of("VERA", "save_projection=false"))
        .hasMessageContaining("Invalid adapter.save_projection: false (must be true");
  }
}
