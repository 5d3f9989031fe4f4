package dev.anneal.core.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.anneal.core.assembly.TrainedModel;
import dev.anneal.core.config.ModelConfig.FrozenStorage;
import dev.anneal.core.config.ModelConfig.LayerBackward;
import dev.anneal.core.data.TokenRow;
import dev.anneal.core.format.DType;
import dev.anneal.core.model.InputNoise;
import dev.anneal.core.model.LayerStorage;
import dev.anneal.core.model.LossSum;
import dev.anneal.core.model.MicroBatch;
import dev.anneal.core.model.weights.ModelFolder;
import dev.anneal.core.peft.AdapterMethod;
import dev.anneal.core.peft.Methods;
import dev.anneal.core.tensor.Device;
import dev.anneal.core.tensor.TensorRuntime;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Parts of a micro-batch on threads of their own against the whole on one. */
class ReplicatedModelTest {
  private static final int THREADS = 4;
  private static final InputNoise NOISE = new InputNoise(5);
  private TensorRuntime runtime;

  @BeforeEach
  void open() {
    runtime = TensorRuntime.open(Device.CPU);
    runtime.prepareThread(THREADS);
  }

  @AfterEach
  void close() {
    assertThat(runtime.liveTensors()).isZero();
    runtime.close();
  }

  private record Result(LossSum loss, float[] gradients) {}

  private static MicroBatch batch() throws IOException {
    List<TokenRow> rows = Parity.rows(Parity.json("qwen3/inputs.json").get("rows"));
    List<TokenRow> twice = new ArrayList<>(rows);
    twice.addAll(rows);
    return MicroBatch.of(twice, 11);
  }

  private static TrainedModel.Assembly assembly(boolean lora, LayerBackward backward) {
    TrainedModel.Assembly plain =
        lora
            ? Parity.assembly("qwen3", Optional.of(dropout()), Optional.empty(), LayerStorage.KEEP)
            : Parity.full("qwen3", LayerStorage.KEEP);
    return new TrainedModel.Assembly(
        plain.folder(),
        plain.weights(),
        plain.adapter(),
        plain.adapterFolder(),
        plain.seed(),
        plain.trainBase(),
        plain.storage(),
        backward,
        FrozenStorage.FLOAT32);
  }

  private static AdapterMethod dropout() {
    return Methods.lora(
        "r=4", "lora_alpha=8", "lora_dropout=0.2", "target_modules=.*(_proj|embed_tokens|lm_head)");
  }

  private static Result result(ReplicatedModel model, MicroBatch batch) {
    model.parameters().zeroGradients();
    LossSum loss = model.forwardBackward(batch);
    return new Result(loss, model.parameters().gradients().toFloats());
  }

  @ParameterizedTest
  @CsvSource({"true, AUTO", "true, AUTOGRAD", "false, AUTO", "false, AUTOGRAD"})
  void partsSumToTheWhole(boolean lora, LayerBackward backward) throws IOException {
    requireSumOfParts(assembly(lora, backward));
  }

  private void requireSumOfParts(TrainedModel.Assembly assembly) throws IOException {
    MicroBatch batch = batch();
    try (TrainedModel model = TrainedModel.open(runtime, assembly, 1, 1000);
        ReplicatedModel quiet = new ReplicatedModel(runtime, model, THREADS, 1);
        ReplicatedModel whole = new ReplicatedModel(runtime, model, THREADS, 1, NOISE);
        ReplicatedModel parts = new ReplicatedModel(runtime, model, THREADS, 2, NOISE)) {
      assertThat(result(quiet, batch).loss().sum())
          .as("without noise")
          .isNotCloseTo(result(whole, batch).loss().sum(), within(1e-3));
      Result expected = result(whole, batch);
      Result actual = result(parts, batch);
      assertThat(whole.liveTensors()).isZero();
      assertThat(parts.liveTensors()).isPositive();
      assertThat(actual.loss().sum()).isCloseTo(expected.loss().sum(), within(1e-4));
      assertThat(actual.loss().targetTokens()).isEqualTo(expected.loss().targetTokens());
      assertThat(actual.loss().tokens()).isEqualTo(expected.loss().tokens());
      float largest = 0;
      for (float gradient : expected.gradients()) {
        largest = Math.max(largest, Math.abs(gradient));
      }
      assertThat(actual.gradients()).containsExactly(expected.gradients(), within(1e-5f * largest));
    }
  }

  @Test
  void replicasShareBottlenecks() throws IOException {
    AdapterMethod method = Methods.of("BOTTLENECK", "placement=houlsby", "bottleneck_size=3");
    requireSumOfParts(
        Parity.assembly("qwen3", Optional.of(method), Optional.empty(), LayerStorage.KEEP));
  }

  @Test
  void replicasShareWeightsOf16Bits(@TempDir Path folder) throws IOException {
    Path half = HalfFolder.write(folder.resolve("half"), "qwen3", name -> DType.BF16);
    TrainedModel.Assembly assembly =
        new TrainedModel.Assembly(
            ModelFolder.open(half),
            TrainedModel.BaseWeights.PRETRAINED,
            Optional.of(dropout()),
            Optional.empty(),
            42,
            true,
            LayerStorage.KEEP,
            LayerBackward.AUTO,
            FrozenStorage.FILE);
    requireSumOfParts(assembly);
  }

  @Test
  void repeatsBitForBitAndLeavesNothingOpen() throws IOException {
    MicroBatch batch = batch();
    try (TrainedModel model =
            TrainedModel.open(runtime, assembly(true, LayerBackward.AUTO), 1, 1000);
        ReplicatedModel parts = new ReplicatedModel(runtime, model, THREADS, 2)) {
      Result first = result(parts, batch);
      long open = runtime.liveTensors() + parts.liveTensors();
      for (int i = 0; i < 10; i++) {
        Result again = result(parts, batch);
        assertThat(again.loss()).isEqualTo(first.loss());
        assertThat(again.gradients()).containsExactly(first.gradients());
        assertThat(runtime.liveTensors() + parts.liveTensors()).isEqualTo(open);
      }
    }
  }

  @Test
  void aFailureInAPartIsTheBatchs() throws IOException {
    MicroBatch good = batch();
    long[] ids = good.tokenIds().clone();
    ids[ids.length - 1] = 1L << 30;
    MicroBatch bad =
        new MicroBatch(
            ids,
            good.positionIds(),
            good.sequenceLengths(),
            good.targetRows(),
            good.targets(),
            good.sampleKeys());
    try (TrainedModel model =
            TrainedModel.open(runtime, assembly(true, LayerBackward.AUTO), 1, 1000);
        ReplicatedModel parts = new ReplicatedModel(runtime, model, THREADS, 2)) {
      float[] before = result(parts, good).gradients();
      assertThatThrownBy(() -> parts.forwardBackward(bad))
          .isInstanceOf(RuntimeException.class)
          .hasMessageContaining("index out of range");
      assertThat(result(parts, good).gradients()).as("nothing is left of it").isEqualTo(before);
    }
  }
}
