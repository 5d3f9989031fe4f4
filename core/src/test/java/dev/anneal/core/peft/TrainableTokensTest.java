package dev.anneal.core.peft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.assembly.TrainedModel;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.ModelConfig.LayerBackward;
import dev.anneal.core.model.LayerStorage;
import dev.anneal.core.model.weights.DecoderLayout;
import dev.anneal.core.model.weights.LinearSite;
import dev.anneal.core.tensor.Device;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Rows of tied matrices for some tokens, beside LoRA. */
class TrainableTokensTest extends AdapterMethodContract {
  private static final String DELTA = "model.embed_tokens.token_adapter.trainable_tokens_delta";

  @Override
  List<String> settings() {
    return List.of(
        "adapter.peft_type=LORA",
        "adapter.r=4",
        "adapter.lora_alpha=8",
        "adapter.target_modules=[v_proj]",
        "adapter.trainable_token_indices=[5, 90, 17]");
  }

  @Override
  long trainedValues(LinearSite site) {
    return site.module().endsWith("v_proj") ? 4 * (site.inFeatures() + site.outFeatures()) : 0;
  }

  @Override
  long trainedValuesOutside(LinearSite site) {
    return 3 * site.outFeatures();
  }

  /**
   * {@code record_adapter.py LORA r=4 lora_alpha=8 'target_modules=["v_proj"]'
   * 'trainable_token_indices=[5,90,17]'}
   */
  @Override
  Recorded recorded() {
    return new Recorded(5.316254342, 2.761130536, 5, "base_model.model." + DELTA + " [3, 40]");
  }

  @Test
  void beginAsTheRowsOfTheMatrix() {
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU)) {
      runtime.prepareThread(1);
      AdapterMethod method = Methods.lora("trainable_token_indices=[5, 90]");
      try (TrainedModel model =
              AdaptedModel.open(runtime, method, LayerStorage.KEEP, LayerBackward.AUTO);
          Tensor matrix = model.weights().open("model.embed_tokens.weight", new long[] {97, 40})) {
        float[] all = matrix.toFloats();
        float[] rows = model.tensor(DELTA).toFloats();
        assertThat(Arrays.copyOfRange(rows, 0, 40))
            .isEqualTo(Arrays.copyOfRange(all, 5 * 40, 6 * 40));
        assertThat(Arrays.copyOfRange(rows, 40, 80))
            .isEqualTo(Arrays.copyOfRange(all, 90 * 40, 91 * 40));
      }
    }
  }

  @Test
  void tiedMatricesPartWhereTheHeadHasOtherTokens() {
    DecoderLayout tied = new DecoderLayout(AdaptedModel.MODEL.config());
    AdapterMethod same = Methods.lora("trainable_token_indices={embed_tokens=[3],lm_head=[3]}");
    AdapterMethod other = Methods.lora("trainable_token_indices={embed_tokens=[3],lm_head=[4,5]}");
    AdapterMethod head = Methods.lora("trainable_token_indices={lm_head=[4]}");
    assertThat(same.untiesHead()).isFalse();
    assertThat(same.ends(tied)).hasSize(1);
    assertThat(other.untiesHead()).isTrue();
    assertThat(head.untiesHead()).isTrue();
    LinearSite ofOther = other.ends(tied).get(1);
    assertThat(other.parameters(ofOther).get(0).name())
        .isEqualTo("lm_head.token_adapter.trainable_tokens_delta");
    assertThat(other.parameters(ofOther).get(0).shape()).hasToString("[2, 40]");
    assertThat(other.exportConfig().get("trainable_token_indices"))
        .isEqualTo(Map.of("embed_tokens", List.of(3), "lm_head", List.of(4, 5)));
  }

  @Test
  void refusesWhatHasNoMeaning() {
    refused("foo (must be embed_tokens or lm_head)", "{foo=[3]}");
    refused("-1 (must be >= 0, and named once)", "[-1]");
    refused("7 (must be >= 0, and named once)", "[7, 7]");
    refused("x (must be a whole number)", "[x]");
    refused("97 (must be < 97, the model's vocabulary)", "[97]");
    refused("[3] (model.embed_tokens is among", "[3]", "target_modules=[embed_tokens]");
    refused("[3] (model.embed_tokens is among", "[3]", "modules_to_save=[embed_tokens]");
    refused("[3] (lm_head, which is tied to", "[3]", "target_modules=[lm_head]");
  }

  private static void refused(String message, String tokens, String... settings) {
    DecoderLayout layout = new DecoderLayout(AdaptedModel.MODEL.config());
    String[] all = Arrays.copyOf(settings, settings.length + 1);
    all[settings.length] = "trainable_token_indices=" + tokens;
    assertThatThrownBy(() -> Methods.lora(all).requireFresh(layout))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("Invalid adapter.trainable_token_indices: " + message);
  }
}
