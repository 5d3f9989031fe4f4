package dev.anneal.core.peft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.model.weights.DecoderLayout;
import dev.anneal.core.model.weights.LinearSite;
import dev.anneal.core.model.weights.ParameterSpec;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LoraSettingsTest {
  private static final DecoderLayout LAYOUT = new DecoderLayout(AdaptedModel.MODEL.config());
  private static final LinearSite SITE = LAYOUT.sites().get(0);

  @Test
  void givesOnlyBAnotherLearningRate() {
    List<ParameterSpec> specs =
        Methods.lora("r=4", "loraplus_lr_ratio=16", "use_dora=true").parameters(SITE);
    assertThat(specs).extracting(ParameterSpec::rateScale).containsExactly(1.0, 16.0, 16.0);
    Lora lora = Methods.lora("r=4", "loraplus_lr_ratio=16");
    assertThat(LAYOUT.parameters().stream().map(lora::trained))
        .as("vectors take B's rate, matrices A's")
        .allMatch(spec -> spec.rateScale() == (spec.shape().dimensions().size() == 1 ? 16 : 1));
    assertThat(lora.exportConfig())
        .as("PEFT has no such field")
        .doesNotContainKey("loraplus_lr_ratio");
  }

  @Test
  void savesPartsOfTheWeightAsTwiceTheRank() {
    Map<String, Object> config =
        Methods.lora("r=4", "lora_alpha=8", "init_lora_weights=pissa", "rank_pattern={q_proj=3}")
            .exportConfig();
    assertThat(config)
        .containsEntry("r", 8)
        .containsEntry("lora_alpha", 16L)
        .containsEntry("rank_pattern", Map.of("q_proj", 6))
        .containsEntry("init_lora_weights", true);
    assertThat(
            Methods.lora("r=4", "lora_alpha=8", "init_lora_weights=olora", "use_rslora=true")
                .exportConfig())
        .containsEntry("lora_alpha", 8 * Math.sqrt(2));
  }

  @Test
  void refusesARankOverTheMatrixAndUnknownInitialisations() {
    assertThatThrownBy(() -> Methods.lora("r=9").requireFresh(LAYOUT))
        .hasMessage(
            "Invalid adapter.r: 9 (must be <= 8, the smaller side of"
                + " model.layers.0.self_attn.k_proj; give it another in adapter.rank_pattern)");
    for (String init : List.of("eva", "pissa_niter_x", "loftq")) {
      assertThatThrownBy(
              () -> Methods.lora("r=2", "init_lora_weights=" + init).requireFresh(LAYOUT))
          .hasMessage(
              "Invalid adapter.init_lora_weights: "
                  + init
                  + " (must be true, false, gaussian, pissa, pissa_niter_N or olora)");
    }
  }

  @Test
  void drawsByTheLawThatIsAskedFor() {
    ParameterSpec a = Methods.lora("r=8").parameters(SITE).get(0);
    ParameterSpec b = Methods.lora("r=8").parameters(SITE).get(1);
    assertThat(deviation("true", a)).isBetween(0.8 / Math.sqrt(3 * 40), 1.2 / Math.sqrt(3 * 40));
    assertThat(deviation("gaussian", a)).isBetween(0.8 / 8, 1.2 / 8);
    assertThat(deviation("true", b)).isZero();
    assertThat(deviation("false", b)).isBetween(0.8 / Math.sqrt(3 * 8), 1.2 / Math.sqrt(3 * 8));
  }

  private static double deviation(String init, ParameterSpec spec) {
    AdapterMethod.InitialValue value =
        Methods.lora("r=8", "init_lora_weights=" + init).initialValue(spec, 3);
    double squares = 0;
    for (int i = 0; i < spec.elementCount(); i++) {
      squares += value.at(i) * value.at(i);
    }
    return Math.sqrt(squares / spec.elementCount());
  }
}
