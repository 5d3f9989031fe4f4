package dev.anneal.core.peft;

import static dev.anneal.core.peft.AdaptedModel.MODEL;
import static dev.anneal.core.peft.AdaptedModel.norm;
import static dev.anneal.core.peft.AdaptedModel.requireSame;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.anneal.core.assembly.TrainedModel;
import dev.anneal.core.config.AdapterConfig;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.ModelConfig.LayerBackward;
import dev.anneal.core.config.TrainingConfig;
import dev.anneal.core.export.AdapterExport;
import dev.anneal.core.export.LogitComparison;
import dev.anneal.core.export.MergedWeights;
import dev.anneal.core.generate.GenerationSettings;
import dev.anneal.core.generate.TokenGenerator;
import dev.anneal.core.io.LocalFileStore;
import dev.anneal.core.model.LayerStorage;
import dev.anneal.core.model.LossSum;
import dev.anneal.core.model.MicroBatch;
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
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Adapters at the blocks of a recorded model, in all their places. */
class BottleneckTest {
  private static final double SAME_GRADIENT = 1e-5;
  private static final int PROMPT = 5;

  @TempDir private Path temporary;
  private final LocalFileStore disk = new LocalFileStore();
  private TensorRuntime runtime;

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

  /** {@code record_bottleneck.py PLACEMENT SIZE NON_LINEARITY SCALING} */
  @ParameterizedTest
  @CsvSource({
    "houlsby 3 relu 1.0,   5.438680874, 1.125075126, 16, 1132, 31 32 31 32 71 71 71 71",
    "pfeiffer 4 gelu 2.0,  5.231070176, 1.270778872, 8,  728,  81 81 81 81 31 32 90 90",
    "parallel 5 silu 0.5,  5.238793464, 0.318552521, 8,  890,  81 81 81 81 81 36 22 36",
    "houlsby 2 tanh 4.0,   5.706266461, 1.819604644, 16, 808,  11 2 2 2 2 2 2 2"
  })
  void givesWhatTheReferenceGives(
      String settings, double loss, double gradientNorm, int tensors, long values, String greedy)
      throws IOException {
    try (TrainedModel model = filled(method(settings))) {
      LossSum sum = model.model().forwardBackward(MicroBatch.of(AdaptedModel.rows(), 0));
      double norm = norm(model.parameters().gradients().toFloats()) / sum.targetTokens();
      assertThat(sum.sum() / sum.targetTokens()).isCloseTo(loss, within(1e-5));
      assertThat(norm).isCloseTo(gradientNorm, within(1e-4 * gradientNorm));
      List<ParameterSpec> specs = model.parameters().specs();
      assertThat(specs).hasSize(tensors);
      assertThat(specs.stream().mapToLong(ParameterSpec::elementCount).sum()).isEqualTo(values);
      for (ParameterSpec spec : specs) {
        float[] gradient = model.parameters().gradient(spec.name()).toFloats();
        assertThat(norm(gradient)).as(spec.name()).isPositive();
      }
      LossSum scored = model.model().score(MicroBatch.of(AdaptedModel.rows(), 0)).loss();
      assertThat(scored.sum()).isCloseTo(sum.sum(), within(1e-5 * sum.sum()));
      assertGenerates(model, greedy);
    }
  }

  private static void assertGenerates(TrainedModel model, String greedy) throws IOException {
    int[] expected = Arrays.stream(greedy.split(" ")).mapToInt(Integer::parseInt).toArray();
    int[] prompt = Arrays.copyOf(AdaptedModel.rows().get(0).inputIds(), PROMPT);
    int[] other = Arrays.copyOf(AdaptedModel.rows().get(1).inputIds(), PROMPT + 3);
    GenerationSettings settings = GenerationSettings.greedy(expected.length, Set.of());
    for (List<int[]> prompts : List.of(List.of(prompt), List.of(other, prompt))) {
      TokenGenerator generator =
          new TokenGenerator(model.model(), MODEL.config().vocabSize(), prompts.size());
      List<int[]> generated = generator.generate(prompts, settings, 0);
      assertThat(generated.get(prompts.size() - 1)).containsExactly(expected);
    }
  }

  /** Whichever program serves it, and however many layers are computed twice. */
  @ParameterizedTest
  @CsvSource({
    "houlsby 3 relu 1.0, 0",
    "houlsby 3 relu 1.0, 1",
    "houlsby 3 relu 1.0, 2147483647",
    "pfeiffer 4 gelu 2.0, 0",
    "parallel 5 silu 0.5, 1",
    "houlsby 2 tanh 4.0, 0"
  })
  void bothBackwardsGiveTheSameGradients(String settings, int recomputed) throws IOException {
    LayerStorage storage = new LayerStorage(recomputed);
    AdapterMethod method = method(settings);
    Map<String, float[]> served =
        AdaptedModel.gradients(runtime, method, storage, LayerBackward.AUTO);
    Map<String, float[]> reference =
        AdaptedModel.gradients(runtime, method, storage, LayerBackward.AUTOGRAD);
    assertThat(served).isNotEmpty().containsOnlyKeys(reference.keySet());
    reference.forEach(
        (name, expected) -> requireSame(name, served.get(name), expected, SAME_GRADIENT));
  }

  /** The layers below and above the chosen one have no adapters, and the lowest no backward. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void theChosenLayersAloneHaveAdapters(int layer) throws IOException {
    AdapterMethod method = method("houlsby 3 relu 1.0", "layers_to_transform=[" + layer + "]");
    Map<String, float[]> served =
        AdaptedModel.gradients(runtime, method, LayerStorage.KEEP, LayerBackward.AUTO);
    assertThat(served).hasSize(8);
    assertThat(served.keySet()).allMatch(name -> name.startsWith("model.layers." + layer + "."));
    Map<String, float[]> reference =
        AdaptedModel.gradients(runtime, method, LayerStorage.KEEP, LayerBackward.AUTOGRAD);
    reference.forEach(
        (name, expected) -> requireSame(name, served.get(name), expected, SAME_GRADIENT));
  }

  @Test
  void aFreshAdapterLeavesTheLogitsAsTheyAreAndGivesEveryUpAGradient() throws IOException {
    AdapterMethod method = method("houlsby 3 relu 1.0");
    try (TrainedModel base = TrainedModel.forInference(runtime, MODEL, Optional.empty());
        TrainedModel fresh =
            AdaptedModel.open(runtime, method, LayerStorage.KEEP, LayerBackward.AUTO)) {
      assertThat(LogitComparison.of(base, fresh).difference()).isZero();
      fresh.model().forwardBackward(MicroBatch.of(AdaptedModel.rows(), 0));
      for (ParameterSpec spec : fresh.parameters().specs()) {
        float[] values = fresh.parameters().value(spec.name()).toFloats();
        float[] gradient = fresh.parameters().gradient(spec.name()).toFloats();
        boolean up = spec.name().contains("adapter_up");
        assertThat(norm(values) > 0).as(spec.name()).isEqualTo(!up);
        assertThat(norm(gradient) > 0).as(spec.name()).isEqualTo(up);
        assertThat(spec.decay()).as(spec.name()).isEqualTo(spec.name().endsWith("weight"));
      }
    }
  }

  @Test
  void aSavedAdapterIsOpenedAsItWasAndGoesOn() throws IOException {
    Path folder = temporary.resolve("my adapter 适配器");
    AdapterMethod method = method("houlsby 3 tanh 0.5", "layers_to_transform=[1]");
    try (TrainedModel model = filled(method)) {
      new AdapterExport(disk).write(folder.toString(), method, model, "base");
      assertThat(Files.readString(folder.resolve("adapter_config.json")))
          .contains("\"anneal_format\": 1", "\"placement\": \"houlsby\"", "\"BOTTLENECK\"");
      AdapterFolder saved = AdapterFolder.open(folder);
      assertThat(saved.config().unknownKeys()).isEmpty();
      AdapterConfig config = TrainingConfig.of("adapter.path=" + folder).adapter();
      AdapterMethod goingOn =
          AdapterRegistry.choose(config, Optional.of(saved), MODEL.config()).orElseThrow();
      assertThat(goingOn.fingerprint()).isEqualTo(method.fingerprint());
      try (TrainedModel base = TrainedModel.forInference(runtime, MODEL, Optional.empty());
          TrainedModel again = TrainedModel.forInference(runtime, MODEL, Optional.of(saved))) {
        assertThat(LogitComparison.of(base, again).within(1e-3)).as("has no effect").isFalse();
        assertThat(LogitComparison.of(model, again).difference()).isZero();
      }
    }
  }

  @Test
  void refusesAFolderOfALaterFormat() throws IOException {
    Path folder = temporary.resolve("later");
    AdapterMethod method = method("pfeiffer 3 relu 1.0");
    try (TrainedModel model = filled(method)) {
      new AdapterExport(disk).write(folder.toString(), method, model, "base");
    }
    Path config = folder.resolve("adapter_config.json");
    String json = Files.readString(config);
    Files.writeString(config, json.replace("\"anneal_format\": 1", "\"anneal_format\": 2"));
    assertThatThrownBy(() -> AdapterFolder.open(folder))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("anneal_format 2 (supported: 1)");
  }

  @Test
  void cannotBeMerged() {
    try (TrainedModel model = filled(method("parallel 3 relu 1.0"))) {
      assertThatThrownBy(() -> new MergedWeights(runtime, model))
          .isInstanceOf(ConfigException.class)
          .hasMessage(
              "Cannot merge BOTTLENECK: its bottlenecks are not linear, so no weights are equal to"
                  + " them (set export.format to adapter)");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "bottleneck_size=0 | Invalid adapter.bottleneck_size: 0 (must be > 0)",
        "scaling=0 | Invalid adapter.scaling: 0 (must be > 0)",
        "placement=behind | adapter.placement",
        "non_linearity=gelo | adapter.non_linearity",
        "layers_to_transform=[2] | Invalid adapter.layers_to_transform: 2 (the model has 2 layers)",
        "layers_to_transform=[-1] | Invalid adapter.layers_to_transform: -1",
        "layers_to_transform=[1,1] | Invalid adapter.layers_to_transform: [1, 1] (names a layer twice)",
        "r=8 | Invalid adapter.r: has no effect with adapter.peft_type = BOTTLENECK"
      })
  void refusesSettingsThatMeanNothing(String setting, String message) {
    assertThatThrownBy(() -> method("pfeiffer 3 relu 1.0", setting))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(message);
  }

  private static AdapterMethod method(String settings, String... more) {
    String[] words = settings.split(" ");
    Stream<String> own =
        Stream.of(
            "adapter.peft_type=BOTTLENECK",
            "adapter.placement=" + words[0],
            "adapter.bottleneck_size=" + words[1],
            "adapter.non_linearity=" + words[2],
            "adapter.scaling=" + words[3]);
    String[] all =
        Stream.concat(own, Arrays.stream(more).map(setting -> "adapter." + setting))
            .toArray(String[]::new);
    return AdapterRegistry.choose(
            TrainingConfig.of(all).adapter(), Optional.empty(), MODEL.config())
        .orElseThrow();
  }

  private TrainedModel filled(AdapterMethod method) {
    TrainedModel model = AdaptedModel.open(runtime, method, LayerStorage.KEEP, LayerBackward.AUTO);
    AdaptedModel.fill(runtime, model);
    return model;
  }
}
