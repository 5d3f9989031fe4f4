package dev.anneal.core.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.assembly.TrainedModel;
import dev.anneal.core.config.ModelConfig.FrozenStorage;
import dev.anneal.core.config.ModelConfig.LayerBackward;
import dev.anneal.core.format.DType;
import dev.anneal.core.io.LocalFileStore;
import dev.anneal.core.model.DecodeSession;
import dev.anneal.core.model.LayerStorage;
import dev.anneal.core.model.MicroBatch;
import dev.anneal.core.model.TokenScore;
import dev.anneal.core.model.weights.DecoderLayout;
import dev.anneal.core.model.weights.FrozenWeight;
import dev.anneal.core.model.weights.ModelFolder;
import dev.anneal.core.model.weights.SafetensorsWeights;
import dev.anneal.core.run.StepMetrics;
import dev.anneal.core.script.TensorProgram;
import dev.anneal.core.tensor.Device;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Frozen weights in their files' 16 bits compute the numbers of fp32, to the last bit. */
class FrozenStorageTest {
  private static final String LORA = "adapter.peft_type=LORA";

  @TempDir Path folder;

  /** Which type a weight is stored in. */
  private enum Types implements Function<String, DType> {
    BF16,
    F16,
    MIXED;

    @Override
    public DType apply(String name) {
      return switch (this) {
        case BF16 -> DType.BF16;
        case F16 -> DType.F16;
        case MIXED ->
            name.contains("q_proj") || name.contains("embed")
                ? DType.F32
                : name.contains("mlp") ? DType.F16 : DType.BF16;
      };
    }
  }

  private List<StepMetrics> train(String name, Path model, List<String> settings, String storage)
      throws Exception {
    List<String> all = new ArrayList<>(settings);
    all.add("model.path=" + model);
    all.add("model.frozen_storage=" + storage);
    all.add("train.save_steps=0");
    Path output = folder.resolve(name + " " + storage);
    return SmallRun.of(new LocalFileStore(), "curve-lora", output, all.toArray(String[]::new))
        .train();
  }

  @ParameterizedTest
  @CsvSource({
    "BF16, llama, adapter.r=8",
    "F16, llama, adapter.r=8",
    "MIXED, llama, adapter.r=8",
    "BF16, llama, adapter.lora_dropout=0.1",
    "BF16, llama, adapter.target_modules=v_proj",
    "BF16, llama, train.gradient_checkpointing=true",
    "BF16, qwen2, adapter.r=8",
    "F16, qwen2, adapter.lora_dropout=0.1",
    "BF16, qwen3, adapter.target_modules=down_proj",
  })
  void losesNothingAgainstFp32(Types types, String family, String setting) throws Exception {
    Path model = HalfFolder.write(folder.resolve("模型 half"), family, types);
    List<String> settings = List.of(LORA, setting);
    List<StepMetrics> wide = train("run", model, settings, "float32");
    List<StepMetrics> half = train("run", model, settings, "file");
    assertThat(wide).hasSize(6);
    for (int i = 0; i < wide.size(); i++) {
      assertThat(half.get(i).loss()).as("loss %d", i + 1).isEqualTo(wide.get(i).loss());
      assertThat(half.get(i).gradNorm()).as("norm %d", i + 1).isEqualTo(wide.get(i).gradNorm());
    }
  }

  @Test
  void fullTuningTrainsInFp32WhateverTheFiles() throws Exception {
    Path model = HalfFolder.write(folder.resolve("half"), "llama", Types.BF16);
    assertThat(train("full", model, List.of(), "file").get(5).loss())
        .isEqualTo(train("full", model, List.of(), "float32").get(5).loss());
  }

  @Test
  void keepsTheBytesOfTheFile() throws Exception {
    Path model = HalfFolder.write(folder.resolve("half"), "llama", Types.MIXED);
    ModelFolder opened = ModelFolder.open(model);
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU);
        TensorProgram tensors = TensorProgram.open(runtime);
        SafetensorsWeights weights =
            SafetensorsWeights.asStored(runtime, opened.openWeights(), tensors)) {
      new DecoderLayout(opened.config())
          .weights()
          .forEach(
              (name, shape) -> {
                FrozenWeight weight = weights.openFrozen(name, shape.toArray());
                try (Tensor tensor = weight.tensor()) {
                  int bytes = tensor.toBytes().remaining() / (int) tensor.elementCount();
                  boolean half =
                      shape.dimensions().size() == 2 && Types.MIXED.apply(name) != DType.F32;
                  assertThat(bytes).as(name).isEqualTo(half ? 2 : 4);
                  assertThat(weight.half()).as(name).isEqualTo(half);
                }
              });
    }
  }

  @ParameterizedTest
  @CsvSource({
    "AUTO, AUTO, true",
    "AUTOGRAD, AUTO, false",
    "AUTO, FLOAT32, false",
    "AUTO, FILE, true",
  })
  void autoKeepsTheTypesWhereGradientsAreWrittenOut(
      LayerBackward backward, FrozenStorage storage, boolean kept) {
    assertThat(assembly(Parity.folder("llama"), backward, storage).keepsFileTypes())
        .isEqualTo(kept);
  }

  @Test
  void autogradRefusesIt() throws Exception {
    Path model = HalfFolder.write(folder.resolve("half"), "llama", Types.BF16);
    assertThatThrownBy(
            () -> train("auto", model, List.of(LORA, "model.layer_backward=autograd"), "file"))
        .hasRootCauseMessage(
            "Invalid model.frozen_storage: file (must be float32 where autograd computes the"
                + " gradients: model.layer_backward is autograd)");
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU)) {
      assertThatThrownBy(
              () -> open(runtime, model, LayerBackward.AUTOGRAD, FrozenStorage.FILE).close())
          .hasMessageContaining("autograd");
    }
  }

  @ParameterizedTest
  @CsvSource({"llama, BF16", "qwen2, BF16", "qwen3, MIXED", "mistral-linear, F16"})
  void scoresAndGeneratesTheSame(String family, Types types) throws Exception {
    Path model = HalfFolder.write(folder.resolve("half"), family, types);
    List<float[]> wide = results(model, FrozenStorage.FLOAT32);
    List<float[]> half = results(model, FrozenStorage.FILE);
    assertThat(half).hasSameSizeAs(wide);
    for (int i = 0; i < wide.size(); i++) {
      assertThat(half.get(i)).as("result %d", i).containsExactly(wide.get(i));
    }
  }

  /** Loss and guesses of a batch, and the logits of two prompts and two steps after them. */
  private static List<float[]> results(Path model, FrozenStorage storage) {
    List<float[]> results = new ArrayList<>();
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU)) {
      runtime.prepareThread(1);
      try (TrainedModel opened = open(runtime, model, LayerBackward.AUTO, storage);
          DecodeSession session = opened.model().decode(2, 8)) {
        TokenScore score = opened.model().score(batch());
        results.add(new float[] {(float) score.loss().sum(), score.rightTokens()});
        int vocabulary = Math.toIntExact(opened.config().vocabSize());
        session.prefill(List.of(new int[] {3, 4}, new int[] {5}));
        results.addAll(logits(session, vocabulary));
        session.step(new int[] {6, 7});
        results.addAll(logits(session, vocabulary));
        session.step(new int[] {8, 9});
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

  private static MicroBatch batch() {
    long[] ids = {1, 2, 3, 4};
    return new MicroBatch(
        ids,
        new long[] {0, 1, 2, 3},
        new long[] {4},
        new long[] {0, 1, 2},
        new long[] {2, 3, 4},
        new long[] {1});
  }

  private static TrainedModel open(
      TensorRuntime runtime, Path model, LayerBackward backward, FrozenStorage storage) {
    return TrainedModel.open(runtime, assembly(model, backward, storage), 1, 1000);
  }

  private static TrainedModel.Assembly assembly(
      Path model, LayerBackward backward, FrozenStorage storage) {
    return new TrainedModel.Assembly(
        ModelFolder.open(model),
        TrainedModel.BaseWeights.PRETRAINED,
        Optional.of(Parity.lora()),
        Optional.empty(),
        42,
        false,
        LayerStorage.KEEP,
        backward,
        storage);
  }
}
