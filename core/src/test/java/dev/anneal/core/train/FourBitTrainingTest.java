package dev.anneal.core.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.assembly.TrainedModel;
import dev.anneal.core.config.ModelConfig.FrozenStorage;
import dev.anneal.core.config.ModelConfig.LayerBackward;
import dev.anneal.core.io.LocalFileStore;
import dev.anneal.core.model.DecodeSession;
import dev.anneal.core.model.LayerStorage;
import dev.anneal.core.model.fourbit.FourBitFormat;
import dev.anneal.core.model.fourbit.FourBitType;
import dev.anneal.core.model.weights.ModelFolder;
import dev.anneal.core.run.StepMetrics;
import dev.anneal.core.tensor.Device;
import dev.anneal.core.tensor.TensorRuntime;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** QLoRA is LoRA on the rounded weights, to the last bit. */
class FourBitTrainingTest {
  private static final String LORA = "adapter.peft_type=LORA";

  @TempDir Path folder;

  private List<StepMetrics> train(Path model, String... settings) throws Exception {
    List<String> all = new ArrayList<>(List.of(settings));
    all.add("model.path=" + model);
    all.add("train.save_steps=0");
    Path output = folder.resolve("run " + all.hashCode());
    return SmallRun.of(new LocalFileStore(), "curve-lora", output, all.toArray(String[]::new))
        .train();
  }

  @ParameterizedTest
  @CsvSource({
    "llama, NF4, true, adapter.r=8",
    "llama, NF4, false, adapter.r=8",
    "llama, FP4, true, adapter.r=8",
    "llama, FP4, false, adapter.lora_dropout=0.1",
    "llama, NF4, true, adapter.target_modules=v_proj",
    "llama, NF4, true, train.gradient_checkpointing=true",
    "llama, NF4, true, distributed.threads_per_rank=2",
    "qwen2, NF4, true, adapter.r=8",
    "qwen3, NF4, true, adapter.lora_dropout=0.1",
    "mistral-linear, NF4, true, adapter.target_modules=down_proj",
    "qwen2, NF4, true, adapter.use_dora=true",
    "qwen2, NF4, true, adapter.peft_type=IA3",
    "qwen2, NF4, true, adapter.peft_type=BITFIT",
    "llama, NF4, true, adapter.peft_type=PREFIX_TUNING",
  })
  void lossesAreThoseOfLoraOnTheRoundedWeights(
      String family, FourBitType type, boolean doubleQuantised, String setting) throws Exception {
    FourBitFormat format = new FourBitFormat(type, doubleQuantised);
    Path rounded = DequantisedFolder.write(folder.resolve("四 bits"), family, format);
    List<StepMetrics> lora = train(rounded, LORA, setting, "model.frozen_storage=float32");
    List<StepMetrics> qlora =
        train(
            Parity.folder(family),
            LORA,
            setting,
            "model.frozen_storage=" + type.name().toLowerCase(),
            "model.double_quantisation=" + doubleQuantised);
    assertThat(lora).hasSize(6);
    for (int i = 0; i < lora.size(); i++) {
      assertThat(qlora.get(i).loss()).as("loss %d", i + 1).isEqualTo(lora.get(i).loss());
      assertThat(qlora.get(i).gradNorm()).as("norm %d", i + 1).isEqualTo(lora.get(i).gradNorm());
    }
  }

  @ParameterizedTest
  @CsvSource({"llama, NF4", "qwen2, FP4", "qwen3, NF4"})
  void scoresAndGeneratesAsTheRoundedWeights(String family, FourBitType type) throws Exception {
    FourBitFormat format = new FourBitFormat(type, true);
    Path rounded = DequantisedFolder.write(folder.resolve("rounded"), family, format);
    List<float[]> expected = results(rounded, FrozenStorage.FLOAT32);
    List<float[]> actual = results(Parity.folder(family), FrozenStorage.valueOf(type.name()));
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < expected.size(); i++) {
      assertThat(actual.get(i)).as("result %d", i).containsExactly(expected.get(i));
    }
  }

  /** The logits of two prompts and a step after them, by generation's layout. */
  private static List<float[]> results(Path model, FrozenStorage storage) {
    List<float[]> results = new ArrayList<>();
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU)) {
      runtime.prepareThread(1);
      try (TrainedModel opened = TrainedModel.open(runtime, assembly(model, storage), 1, 1000);
          DecodeSession session = opened.model().decode(2, 8)) {
        int vocabulary = Math.toIntExact(opened.config().vocabSize());
        session.prefill(List.of(new int[] {3, 4}, new int[] {5}));
        results.addAll(logits(session, vocabulary));
        session.step(new int[] {6, 7});
        results.addAll(logits(session, vocabulary));
      }
      assertThat(runtime.liveTensors()).isZero();
    }
    return results;
  }

  private static List<float[]> logits(DecodeSession session, int vocabulary) {
    List<float[]> rows = List.of(new float[vocabulary], new float[vocabulary]);
    for (int row = 0; row < rows.size(); row++) {
      session.logits(row, rows.get(row));
    }
    return rows;
  }

  private static TrainedModel.Assembly assembly(Path model, FrozenStorage storage) {
    return new TrainedModel.Assembly(
        ModelFolder.open(model),
        TrainedModel.BaseWeights.PRETRAINED,
        Optional.of(Parity.lora()),
        Optional.empty(),
        42,
        false,
        LayerStorage.KEEP,
        LayerBackward.AUTO,
        storage);
  }

  @ParameterizedTest
  @EnumSource(names = {"NF4", "FP4"})
  void fullTuningHasNothingToRound(FrozenStorage storage) {
    String name = storage.name().toLowerCase();
    assertThatThrownBy(() -> train(Parity.folder("llama"), "model.frozen_storage=" + name))
        .hasRootCauseMessage(
            "Invalid model.frozen_storage: "
                + name
                + " (must be auto, float32 or file in full tuning, which freezes nothing: set"
                + " adapter.peft_type)");
  }

  @Test
  void autogradRefusesIt() {
    assertThatThrownBy(
            () ->
                train(
                    Parity.folder("llama"),
                    LORA,
                    "model.layer_backward=autograd",
                    "model.frozen_storage=nf4"))
        .hasRootCauseMessage(
            "Invalid model.frozen_storage: nf4 (must be float32 where autograd computes the"
                + " gradients: model.layer_backward is autograd)");
  }
}
