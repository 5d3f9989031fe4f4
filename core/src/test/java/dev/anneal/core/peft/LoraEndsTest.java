package dev.anneal.core.peft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.anneal.core.assembly.TrainedModel;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.ModelConfig.LayerBackward;
import dev.anneal.core.export.AdapterExport;
import dev.anneal.core.format.Shape;
import dev.anneal.core.io.LocalFileStore;
import dev.anneal.core.model.LayerStorage;
import dev.anneal.core.model.weights.DecoderLayout;
import dev.anneal.core.model.weights.LinearSite;
import dev.anneal.core.model.weights.ParameterSpec;
import dev.anneal.core.tensor.Device;
import dev.anneal.core.tensor.TensorRuntime;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** LoRA on the output matrix and on the embedding, which the model ties. */
class LoraEndsTest extends AdapterMethodContract {
  @Override
  List<String> settings() {
    return List.of(
        "adapter.peft_type=LORA",
        "adapter.r=4",
        "adapter.lora_alpha=8",
        "adapter.target_modules=[lm_head, embed_tokens, v_proj]",
        "adapter.use_rslora=true",
        "adapter.rank_pattern={lm_head = 2}",
        "adapter.alpha_pattern={embed_tokens = 3}");
  }

  @Override
  long trainedValues(LinearSite site) {
    return site.module().endsWith("v_proj") ? 4 * (site.inFeatures() + site.outFeatures()) : 0;
  }

  @Override
  long trainedValuesOutside(LinearSite site) {
    return (site.isEmbedding() ? 4 : 2) * (site.inFeatures() + site.outFeatures());
  }

  /**
   * {@code record_adapter.py LORA r=4 lora_alpha=8
   * 'target_modules=["lm_head","embed_tokens","v_proj"]' use_rslora=true
   * 'rank_pattern={"lm_head":2}' 'alpha_pattern={"embed_tokens":3}'}
   */
  @Override
  Recorded recorded() {
    return new Recorded(
        5.991868946, 9.045213390, 8, "base_model.model.lm_head.lora_A.weight [2, 40]");
  }

  @Test
  void beginsAsPeftBegins() {
    ParameterSpec a = spec("model.embed_tokens.lora_embedding_A", 4, 97);
    ParameterSpec b = spec("model.embed_tokens.lora_embedding_B", 40, 4);
    AdapterMethod usual = Methods.lora();
    AdapterMethod drawn = Methods.lora("init_lora_weights=false");
    for (int i = 0; i < 50; i++) {
      assertThat(usual.initialValue(a, 1).at(i)).isZero();
      assertThat(drawn.initialValue(a, 1).at(i)).isNotZero();
    }
    assertThat(deviation(usual.initialValue(b, 1))).isCloseTo(1, within(0.05));
    assertThat(deviation(drawn.initialValue(a, 1))).isCloseTo(1, within(0.05));
  }

  @Test
  void loraPlusGivesTheEmbeddingALearningRateOfItsOwn() {
    AdapterMethod method =
        Methods.lora(
            "target_modules=[embed_tokens, lm_head]",
            "loraplus_lr_ratio=4",
            "loraplus_lr_embedding=5e-3");
    List<LinearSite> ends = method.ends(new DecoderLayout(AdaptedModel.MODEL.config()));
    assertThat(method.trainedAt(1e-2).parameters(ends.get(0)))
        .extracting(ParameterSpec::rateScale)
        .containsExactly(0.5, 0.5);
    assertThat(method.trainedAt(1e-2).parameters(ends.get(1)))
        .extracting(ParameterSpec::rateScale)
        .containsExactly(1.0, 4.0);
    assertThat(
            Methods.lora("target_modules=[embed_tokens]").trainedAt(1e-2).parameters(ends.get(0)))
        .as("without LoRA+")
        .extracting(ParameterSpec::rateScale)
        .containsExactly(1.0, 1.0);
  }

  @Test
  void savesTheBaseWeightsThatPeftSaves() {
    DecoderLayout layout = new DecoderLayout(AdaptedModel.MODEL.config());
    assertThat(bases(layout, "target_modules=[lm_head, q_proj]")).containsExactly("lm_head");
    assertThat(bases(layout, "target_modules=[model.embed_tokens, q_proj]")).isEmpty();
    assertThat(bases(layout, "target_modules=[model.embed_tokens, lm_head]"))
        .containsExactly("model.embed_tokens", "lm_head");
    assertThat(bases(layout, "target_modules=.*embed_tokens")).hasSize(1);
    assertThat(bases(layout, "target_modules=all-linear")).isEmpty();
    assertThat(bases(layout, "target_modules=[lm_head]", "modules_to_save=[lm_head]")).isEmpty();
  }

  private static List<String> bases(DecoderLayout layout, String... settings) {
    return Methods.lora(settings).savedBases(layout).stream().map(LinearSite::module).toList();
  }

  @Test
  void refusesAnAdapterOfAnotherModelsEmbeddings(@TempDir Path folder) throws IOException {
    AdapterMethod method = Methods.lora("target_modules=[embed_tokens]");
    Path file = folder.resolve(AdapterFolder.WEIGHTS_FILE);
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU)) {
      runtime.prepareThread(1);
      try (TrainedModel model =
          AdaptedModel.open(runtime, method, LayerStorage.KEEP, LayerBackward.AUTO)) {
        new AdapterExport(new LocalFileStore()).write(folder.toString(), method, model, "base");
      }
      Optional<AdapterFolder> adapter = Optional.of(AdapterFolder.open(folder));
      TrainedModel.forInference(runtime, AdaptedModel.MODEL, adapter).close();

      byte[] bytes = Files.readAllBytes(file);
      // the first tensor by name is the base's
      bytes[8 + (int) ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong()] ^= 1;
      Files.write(file, bytes);
      assertThatThrownBy(() -> TrainedModel.forInference(runtime, AdaptedModel.MODEL, adapter))
          .isInstanceOf(ConfigException.class)
          .hasMessageContaining(
              "embed_tokens.base_layer.weight is another than the model's (adapter.path");
    }
  }

  @Test
  void refusesWhatHasNoFormOrNoEffect() {
    refused("use_dora: true (has no form at lm_head", "target_modules=[lm_head]", "use_dora=true");
    refused(
        "init_lora_weights: pissa (has no form at model.embed_tokens",
        "target_modules=[embed_tokens, q_proj]",
        "init_lora_weights=pissa");
    refused(
        "lora_bias: true (has no form at model.embed_tokens",
        "target_modules=[embed_tokens]",
        "lora_bias=true");
    refused(
        "lora_dropout: 0.1 (has no effect on model.embed_tokens",
        "target_modules=[embed_tokens]",
        "lora_dropout=0.1");
    refused(
        "loraplus_lr_embedding: 0.01 (has no effect without embed_tokens",
        "loraplus_lr_ratio=2",
        "loraplus_lr_embedding=0.01");
    assertThatThrownBy(() -> Methods.lora("loraplus_lr_embedding=0.01"))
        .hasMessageContaining("loraplus_lr_embedding: 0.01 (has no effect without LoRA+");
  }

  private static void refused(String message, String... settings) {
    DecoderLayout layout = new DecoderLayout(AdaptedModel.MODEL.config());
    assertThatThrownBy(() -> Methods.lora(settings).requireFresh(layout))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("Invalid adapter." + message);
  }

  private static ParameterSpec spec(String name, long... sizes) {
    return new ParameterSpec(name, Shape.of(sizes), true);
  }

  private static double deviation(AdapterMethod.InitialValue values) {
    double squares = 0;
    for (int i = 0; i < 4000; i++) {
      squares += (double) values.at(i) * values.at(i);
    }
    return Math.sqrt(squares / 4000);
  }
}
