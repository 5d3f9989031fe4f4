package dev.anneal.core.peft;

import static dev.anneal.core.peft.AdaptedModel.MODEL;
import static dev.anneal.core.peft.AdaptedModel.norm;
import static dev.anneal.core.peft.AdaptedModel.requireSame;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.anneal.core.assembly.TrainedModel;
import dev.anneal.core.assembly.TrainedParameters;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.ModelConfig.LayerBackward;
import dev.anneal.core.config.TrainingConfig;
import dev.anneal.core.data.TokenRow;
import dev.anneal.core.export.AdapterExport;
import dev.anneal.core.export.LogitComparison;
import dev.anneal.core.export.MergedWeights;
import dev.anneal.core.generate.GenerationSettings;
import dev.anneal.core.generate.TokenGenerator;
import dev.anneal.core.io.LocalFileStore;
import dev.anneal.core.model.LayerStorage;
import dev.anneal.core.model.LossSum;
import dev.anneal.core.model.MicroBatch;
import dev.anneal.core.model.MicroBatchSplit;
import dev.anneal.core.model.weights.ParameterSpec;
import dev.anneal.core.tensor.Device;
import dev.anneal.core.tensor.TensorRuntime;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every method with virtual tokens keeps, on a recorded model. */
abstract class VirtualTokensContract {
  private static final double SAME_GRADIENT = 1e-5;
  private static final int PROMPT = 5;

  @TempDir private Path temporary;
  private final LocalFileStore disk = new LocalFileStore();
  private TensorRuntime runtime;

  /**
   * What PEFT gives with the settings, when the element i of every trained tensor is 0.3 sin(i +
   * 1); interop/fixtures/record_prompt.py prints it.
   *
   * @param loss mean over the targets of the model's recorded rows
   * @param gradientNorm over all trained tensors
   * @param values how many are trained
   * @param exported the only tensor of adapter_model.safetensors, and its shape
   * @param exportedNorm of that tensor
   * @param greedy what comes after the first tokens of the first row
   */
  record Recorded(
      double loss,
      int targets,
      double gradientNorm,
      int tensors,
      long values,
      String exported,
      double exportedNorm,
      List<Integer> greedy) {}

  /** Settings of the method, {@code adapter.peft_type} among them. */
  abstract List<String> settings();

  abstract Recorded recorded();

  @BeforeEach
  void openRuntime() {
    runtime = TensorRuntime.open(Device.CPU);
    runtime.prepareThread(1);
  }

  @AfterEach
  void closeRuntime() {
    assertThat(runtime.liveTensors()).isZero();
    runtime.close();
  }

  @Test
  void givesWhatPeftGives() throws IOException {
    try (TrainedModel model = filled()) {
      LossSum loss = model.model().forwardBackward(MicroBatch.of(AdaptedModel.rows(), 0));
      double norm = norm(model.parameters().gradients().toFloats()) / loss.targetTokens();
      long values =
          model.parameters().specs().stream().mapToLong(ParameterSpec::elementCount).sum();

      Recorded peft = recorded();
      assertThat(loss.targetTokens()).isEqualTo(peft.targets());
      assertThat(model.parameters().specs()).hasSize(peft.tensors());
      assertThat(values).isEqualTo(peft.values());
      assertThat(loss.sum() / loss.targetTokens()).isCloseTo(peft.loss(), within(1e-5));
      assertThat(norm).isCloseTo(peft.gradientNorm(), within(1e-4 * peft.gradientNorm()));
    }
  }

  @Test
  void scoresAsItTrains() throws IOException {
    try (TrainedModel model = filled()) {
      MicroBatch rows = MicroBatch.of(AdaptedModel.rows(), 0);
      LossSum trained = model.model().forwardBackward(rows);
      LossSum scored = model.model().score(rows).loss();
      assertThat(scored.targetTokens()).isEqualTo(trained.targetTokens());
      assertThat(scored.tokens()).isEqualTo(trained.tokens()).isEqualTo(rows.tokenCount());
      assertThat(scored.sum()).isCloseTo(trained.sum(), within(1e-5 * trained.sum()));
    }
  }

  @Test
  void everyTrainedTensorGetsAGradient() throws IOException {
    try (TrainedModel model = filled()) {
      model.model().forwardBackward(MicroBatch.of(AdaptedModel.rows(), 0));
      for (ParameterSpec spec : model.parameters().specs()) {
        float[] gradient = model.parameters().gradient(spec.name()).toFloats();
        assertThat(norm(gradient)).as(spec.name()).isPositive();
      }
    }
  }

  @Test
  void eachPackedSampleHasVirtualTokensOfItsOwn() throws IOException {
    List<TokenRow> rows = AdaptedModel.rows();
    TokenRow packed = packed(rows);
    try (TrainedModel model = filled()) {
      LossSum alone = model.model().forwardBackward(MicroBatch.of(rows, 0));
      float[] expected = model.parameters().gradients().toFloats();
      model.parameters().zeroGradients();
      LossSum together = model.model().forwardBackward(MicroBatch.of(List.of(packed), 0));
      assertThat(together.targetTokens()).isEqualTo(alone.targetTokens());
      assertThat(together.sum()).isCloseTo(alone.sum(), within(1e-6 * alone.sum()));
      requireSame("packed", model.parameters().gradients().toFloats(), expected, SAME_GRADIENT);
    }
  }

  /** However a micro-batch is cut between samples. */
  @Test
  void partsOfAMicroBatchGiveTheGradientsOfTheWhole() throws IOException {
    try (TrainedModel model = filled()) {
      MicroBatch whole = MicroBatch.of(AdaptedModel.rows(), 0);
      LossSum expectedLoss = model.model().forwardBackward(whole);
      float[] expected = model.parameters().gradients().toFloats();
      model.parameters().zeroGradients();
      List<MicroBatch> parts = MicroBatchSplit.of(whole, 2);
      assertThat(parts).hasSize(2);
      LossSum loss = new LossSum(0, 0, 0);
      for (MicroBatch part : parts) {
        loss = loss.plus(model.model().forwardBackward(part));
      }
      assertThat(loss.targetTokens()).isEqualTo(expectedLoss.targetTokens());
      requireSame("parts", model.parameters().gradients().toFloats(), expected, SAME_GRADIENT);
    }
  }

  /** Whichever program serves the layers, and whether they are computed twice. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, Integer.MAX_VALUE})
  void bothBackwardsGiveTheSameGradients(int recomputed) throws IOException {
    LayerStorage storage = new LayerStorage(recomputed);
    Map<String, float[]> served =
        AdaptedModel.gradients(runtime, method(), storage, LayerBackward.AUTO);
    Map<String, float[]> reference =
        AdaptedModel.gradients(runtime, method(), storage, LayerBackward.AUTOGRAD);
    assertThat(served).isNotEmpty().containsOnlyKeys(reference.keySet());
    reference.forEach(
        (name, expected) -> requireSame(name, served.get(name), expected, SAME_GRADIENT));
  }

  @Test
  void generatesWhatTransformersGenerates() throws IOException {
    int[] prompt = Arrays.copyOf(AdaptedModel.rows().get(0).inputIds(), PROMPT);
    int[] other = Arrays.copyOf(AdaptedModel.rows().get(1).inputIds(), PROMPT + 3);
    List<Integer> greedy = recorded().greedy();
    try (TrainedModel model = filled()) {
      GenerationSettings settings = GenerationSettings.greedy(greedy.size(), Set.of());
      for (List<int[]> prompts : List.of(List.of(prompt), List.of(other, prompt))) {
        TokenGenerator generator =
            new TokenGenerator(model.model(), MODEL.config().vocabSize(), prompts.size());
        List<int[]> generated = generator.generate(prompts, settings, 0);
        assertThat(generated.get(prompts.size() - 1))
            .containsExactly(greedy.stream().mapToInt(id -> id).toArray());
      }
    }
  }

  @Test
  void aSavedAdapterGivesTheSameLogitsAndHoldsTheVectorsAlone() throws IOException {
    Path folder = temporary.resolve("my adapter 适配器");
    try (TrainedModel model = filled()) {
      AdapterMethod method = model.adapter().orElseThrow();
      new AdapterExport(disk)
          .write(folder.toString(), model.adapter().orElseThrow(), model, "base");
      AdapterFolder saved = AdapterFolder.open(folder);
      try (TrainedModel base = TrainedModel.forInference(runtime, MODEL, Optional.empty());
          TrainedModel again = TrainedModel.forInference(runtime, MODEL, Optional.of(saved))) {
        AdapterMethod read = again.adapter().orElseThrow();
        assertThat(read).hasSameClassAs(method);
        assertThat(config(read)).isEqualTo(config(method));
        assertThat(saved.config().unknownKeys()).isEmpty();
        assertThat(LogitComparison.of(base, again).within(1e-3)).as("has no effect").isFalse();
        assertThat(LogitComparison.of(model, again).difference()).isZero();

        ParameterSpec only = again.parameters().specs().get(0);
        assertThat(again.parameters().specs()).hasSize(1);
        assertThat(read.exportName(only) + " " + only.shape()).isEqualTo(recorded().exported());
        assertThat(norm(again.parameters().value(only.name()).toFloats()))
            .isCloseTo(recorded().exportedNorm(), within(1e-5));
      }
    }
  }

  private static Map<String, Object> config(AdapterMethod method) {
    Map<String, Object> config = method.exportConfig();
    config.putAll(method.modelSizes(MODEL.config()));
    return config;
  }

  @Test
  void trainingGoesOnFromASavedAdapterOverItsVectors() throws IOException {
    Path folder = temporary.resolve("begun");
    try (TrainedModel model = filled()) {
      new AdapterExport(disk)
          .write(folder.toString(), model.adapter().orElseThrow(), model, "base");
      LossSum before = model.model().score(MicroBatch.of(AdaptedModel.rows(), 0)).loss();
      AdapterMethod chosen =
          AdapterRegistry.choose(
                  TrainingConfig.of("adapter.path=" + folder).adapter(),
                  Optional.of(AdapterFolder.open(folder)),
                  MODEL.config())
              .orElseThrow();
      assertThat(TrainedParameters.of(MODEL.config(), Optional.of(chosen)))
          .extracting(chosen::exportName)
          .containsExactly("prompt_embeddings");
      try (TrainedModel again =
          TrainedModel.forInference(runtime, MODEL, Optional.of(AdapterFolder.open(folder)))) {
        LossSum loss = again.model().forwardBackward(MicroBatch.of(AdaptedModel.rows(), 0));
        assertThat(loss.sum()).isCloseTo(before.sum(), within(1e-5 * before.sum()));
        assertThat(norm(again.parameters().gradients().toFloats())).isPositive();
      }
    }
  }

  @Test
  void cannotBeMerged() throws IOException {
    try (TrainedModel model = filled()) {
      assertThatThrownBy(() -> new MergedWeights(runtime, model))
          .isInstanceOf(ConfigException.class)
          .hasMessage(
              "Cannot merge %s: its virtual tokens are no weights of the model (set export.format"
                  + " to adapter)",
              method().peftType());
    }
  }

  @Test
  void beginsTheSameForASeedAndNowhereAtZero() {
    try (TrainedModel one = fresh();
        TrainedModel other = fresh()) {
      assertThat(one.parameters().values().toFloats())
          .isEqualTo(other.parameters().values().toFloats());
      for (ParameterSpec spec : one.parameters().specs()) {
        float[] values = one.parameters().value(spec.name()).toFloats();
        assertThat(norm(values)).as(spec.name()).isPositive();
      }
    }
  }

  @Test
  void refusesNoVirtualTokensAndMoreThanTheModelHasPositions() {
    assertThatThrownBy(() -> method("adapter.num_virtual_tokens=0"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("Invalid adapter.num_virtual_tokens: 0 (must be > 0)");
    int most = MODEL.config().maxPositionEmbeddings();
    assertThatThrownBy(() -> method("adapter.num_virtual_tokens=" + most))
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            "Invalid adapter.num_virtual_tokens: %d (must be < %d, the model's"
                + " max_position_embeddings)",
            most, most);
  }

  @Test
  void refusesAnAdapterOfAnotherShape() throws IOException {
    Path folder = temporary.resolve("other");
    try (TrainedModel model = filled()) {
      new AdapterExport(disk)
          .write(folder.toString(), model.adapter().orElseThrow(), model, "base");
    }
    Path config = folder.resolve(AdapterConfigJson.FILE);
    String json = Files.readString(config);
    Files.writeString(
        config, json.replace("\"num_virtual_tokens\": 3", "\"num_virtual_tokens\": 4"));
    assertThatThrownBy(
            () ->
                TrainedModel.forInference(runtime, MODEL, Optional.of(AdapterFolder.open(folder))))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("with another shape: prompt_embeddings");
  }

  /** Rows end to end as one packed row. */
  private static TokenRow packed(List<TokenRow> rows) {
    int[] ids = rows.stream().flatMapToInt(row -> IntStream.of(row.inputIds())).toArray();
    int[] labels = rows.stream().flatMapToInt(row -> IntStream.of(row.labels())).toArray();
    int[] lengths = rows.stream().mapToInt(row -> row.inputIds().length).toArray();
    return new TokenRow(ids, labels, lengths);
  }

  AdapterMethod method(String... more) {
    String[] all = Stream.concat(settings().stream(), Arrays.stream(more)).toArray(String[]::new);
    return AdapterRegistry.choose(
            TrainingConfig.of(all).adapter(), Optional.empty(), MODEL.config())
        .orElseThrow();
  }

  private TrainedModel fresh() {
    return AdaptedModel.open(runtime, method(), LayerStorage.KEEP, LayerBackward.AUTO);
  }

  private TrainedModel filled() {
    TrainedModel model = fresh();
    AdaptedModel.fill(runtime, model);
    return model;
  }
}
