package dev.anneal.core.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.anneal.core.assembly.TrainedModel;
import dev.anneal.core.data.TokenRow;
import dev.anneal.core.format.SafetensorsReader;
import dev.anneal.core.model.LayerStorage;
import dev.anneal.core.model.LossSum;
import dev.anneal.core.model.MicroBatch;
import dev.anneal.core.model.weights.ParameterSpec;
import dev.anneal.core.tensor.Device;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import java.io.IOException;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Logits, losses and gradients against values recorded from transformers and PEFT. */
class ModelParityTest {
  private TensorRuntime runtime;

  @BeforeEach
  void open() {
    runtime = TensorRuntime.open(Device.CPU);
    runtime.prepareThread(1);
  }

  @AfterEach
  void close() {
    assertThat(runtime.liveTensors()).isZero();
    runtime.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "llama3-rope", "qwen2", "qwen3", "mistral-linear"})
  void givesTheLogitsOfTransformers(String name) throws IOException {
    try (TrainedModel model =
        TrainedModel.open(runtime, Parity.full(name, LayerStorage.KEEP), 1, 1000)) {
      requireLogits(model, name, "logits.");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "llama3-rope", "qwen2", "qwen3", "mistral-linear"})
  void givesTheLogitsOfPeft(String name) throws IOException {
    try (TrainedModel model =
        TrainedModel.open(runtime, Parity.lora(name, LayerStorage.KEEP), 1, 1000)) {
      requireLogits(model, name, "lora.logits.");
    }
  }

  private void requireLogits(TrainedModel model, String name, String prefix) throws IOException {
    List<TokenRow> rows = Parity.rows(Parity.json(name + "/inputs.json").get("rows"));
    try (SafetensorsReader expected = Parity.expected(name)) {
      for (int i = 0; i < rows.size(); i++) {
        long[] all = LongStream.range(0, rows.get(i).inputIds().length).toArray();
        try (Tensor logits = model.model().logits(MicroBatch.of(List.of(rows.get(i)), 0), all)) {
          requireClose(logits.toFloats(), Parity.floats(expected, prefix + i), 2e-5f);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "llama3-rope", "qwen2", "qwen3", "mistral-linear"})
  void givesTheGradientsOfTransformers(String name) throws IOException {
    requireGradients(name, LayerStorage.KEEP);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, Integer.MAX_VALUE})
  void recomputedLayersGiveTheSameGradients(int recomputed) throws IOException {
    LayerStorage storage = new LayerStorage(recomputed);
    requireGradients("qwen3", storage);
  }

  private void requireGradients(String name, LayerStorage storage) throws IOException {
    try (TrainedModel model = TrainedModel.open(runtime, Parity.full(name, storage), 1, 1000);
        SafetensorsReader expected = Parity.expected(name)) {
      JsonNode facts = Parity.json(name + "/expected.json").get("full");
      LossSum sum = LossSum.ZERO;
      for (TokenRow row : Parity.rows(Parity.json(name + "/inputs.json").get("rows"))) {
        sum = sum.plus(model.model().forwardBackward(MicroBatch.of(List.of(row), 0)));
      }
      assertThat(sum.sum() / sum.targetTokens())
          .isCloseTo(facts.get("loss").asDouble(), within(1e-5));
      for (ParameterSpec spec : model.parameters().specs()) {
        if (expected.find("grad." + spec.name()).isPresent()) {
          float[] own = model.parameters().gradient(spec.name()).toFloats();
          divide(own, sum.targetTokens());
          requireClose(own, Parity.floats(expected, "grad." + spec.name()), 1e-5f);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "llama3-rope", "qwen2", "qwen3", "mistral-linear"})
  void givesTheGradientsOfPeft(String name) throws IOException {
    try (TrainedModel model =
            TrainedModel.open(runtime, Parity.lora(name, LayerStorage.KEEP), 1, 1000);
        SafetensorsReader expected = Parity.expected(name)) {
      List<TokenRow> rows = Parity.rows(Parity.json(name + "/inputs.json").get("rows"));
      LossSum sum = model.model().forwardBackward(MicroBatch.of(rows, 0));
      assertThat(sum.targetTokens()).isEqualTo(39);
      for (ParameterSpec spec : model.parameters().specs()) {
        float[] own = model.parameters().gradient(spec.name()).toFloats();
        divide(own, sum.targetTokens());
        String key = "lora.grad." + model.adapter().orElseThrow().exportName(spec);
        requireClose(own, Parity.floats(expected, key), 1e-5f);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "qwen3"})
  void aPackedRowScoresAsItsSamplesAlone(String name) throws IOException {
    try (TrainedModel model =
        TrainedModel.open(runtime, Parity.full(name, LayerStorage.KEEP), 1, 1000)) {
      JsonNode nll = Parity.json(name + "/expected.json").get("full").get("nll_sum");
      List<TokenRow> packed = Parity.rows(Parity.json(name + "/inputs.json").get("packed"));
      double first = model.model().score(MicroBatch.of(packed.subList(0, 1), 0)).loss().sum();
      double second = model.model().score(MicroBatch.of(packed.subList(1, 2), 0)).loss().sum();
      assertThat(first)
          .isCloseTo(
              nll.get(1).asDouble() + nll.get(0).asDouble() + nll.get(5).asDouble(), within(1e-4));
      assertThat(second)
          .isCloseTo(
              nll.get(3).asDouble() + nll.get(4).asDouble() + nll.get(2).asDouble(), within(1e-4));
    }
  }

  private static void divide(float[] values, long by) {
    for (int i = 0; i < values.length; i++) {
      values[i] /= by;
    }
  }

  private static void requireClose(float[] own, float[] expected, float tolerance) {
    assertThat(own).hasSameSizeAs(expected);
    float scale = 0;
    for (float value : expected) {
      scale = Math.max(scale, Math.abs(value));
    }
    for (int i = 0; i < own.length; i++) {
      assertThat(own[i]).isCloseTo(expected[i], within(tolerance * Math.max(1e-3f, scale)));
    }
  }
}
