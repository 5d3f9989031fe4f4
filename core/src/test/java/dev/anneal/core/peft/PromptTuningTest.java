package dev.anneal.core.peft;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.assembly.TrainedModel;
import dev.anneal.core.config.ModelConfig.LayerBackward;
import dev.anneal.core.model.LayerStorage;
import dev.anneal.core.tensor.Device;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PromptTuningTest extends VirtualTokensContract {
  @Override
  List<String> settings() {
    return List.of("adapter.peft_type=PROMPT_TUNING", "adapter.num_virtual_tokens=3");
  }

  /** {@code record_prompt.py PROMPT_TUNING num_virtual_tokens=3} */
  @Override
  Recorded recorded() {
    return new Recorded(
        5.331492054,
        41,
        1.836194613,
        1,
        120,
        "prompt_embeddings [3, 40]",
        2.324115094,
        List.of(36, 36, 94, 36, 36, 36, 36, 36));
  }

  @Test
  void beginsAsTheTokensOfATextRepeatedOrCut() {
    AdapterMethod method =
        method("adapter.prompt_tuning_init=text", "adapter.prompt_tuning_init_text=two words");
    assertThat(method.initialText()).contains("two words");
    assertThat(rows(method.beginningWith(List.of(5, 9)))).isEqualTo(embeddings(5, 9, 5));
    assertThat(rows(method.beginningWith(List.of(5, 9, 11, 12)))).isEqualTo(embeddings(5, 9, 11));
  }

  @Test
  void beginsAsTokensOfTheVocabularyThatTheSeedNames() {
    AdapterMethod method = method("adapter.prompt_tuning_init=sample_vocab");
    List<Integer> tokens = method.initialTokens(42, AdaptedModel.MODEL.config());
    assertThat(tokens).hasSize(3).allMatch(id -> id >= 0 && id < 97);
    assertThat(method.initialTokens(43, AdaptedModel.MODEL.config())).isNotEqualTo(tokens);
    assertThat(rows(method)).isEqualTo(embeddings(tokens.stream().mapToInt(id -> id).toArray()));
  }

  @Test
  void aTextGoesWithTheInitialValueOfThatNameAlone() {
    assertThatThrownBy(() -> method("adapter.prompt_tuning_init=text"))
        .hasMessage("Missing adapter.prompt_tuning_init_text (adapter.prompt_tuning_init is text)");
    assertThatThrownBy(() -> method("adapter.prompt_tuning_init_text=two words"))
        .hasMessage(
            "Invalid adapter.prompt_tuning_init_text: two words (has no effect unless"
                + " adapter.prompt_tuning_init is text)");
  }

  @Test
  void readsWhatPeftSavesOfATextWithoutItsTokenizer() {
    String json =
        """
        {"peft_type": "PROMPT_TUNING", "num_virtual_tokens": 3, "prompt_tuning_init": "TEXT",
         "prompt_tuning_init_text": "two words", "tokenizer_name_or_path": "nowhere",
         "tokenizer_kwargs": null, "token_dim": 40, "num_layers": 2, "num_attention_heads": 5,
         "num_transformer_submodules": 1, "task_type": "CAUSAL_LM", "inference_mode": true,
         "modules_to_save": null}
        """;
    ExistingAdapter adapter = AdapterConfigJson.parse(json.getBytes(UTF_8), "adapter_config.json");
    assertThat(adapter.unknownKeys()).isEmpty();
    assertThat(adapter.method().exportConfig()).containsEntry("prompt_tuning_init", "RANDOM");
  }

  private static float[] rows(AdapterMethod method) {
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU);
        TrainedModel model =
            AdaptedModel.open(runtime, method, LayerStorage.KEEP, LayerBackward.AUTO)) {
      return model.parameters().value("prompt_encoder.embedding.weight").toFloats();
    }
  }

  private static float[] embeddings(int... ids) {
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU);
        TrainedModel base =
            TrainedModel.forInference(runtime, AdaptedModel.MODEL, Optional.empty());
        Tensor rows = base.model().embeddings(Arrays.stream(ids).boxed().toList())) {
      return rows.toFloats();
    }
  }
}
