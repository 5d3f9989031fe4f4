package dev.anneal.core.peft;

import static dev.anneal.core.peft.AdaptedModel.MODEL;
import static dev.anneal.core.peft.AdaptedModel.norm;
import static dev.anneal.core.peft.AdaptedModel.requireSame;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.anneal.core.assembly.TrainedModel;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.ModelConfig.FrozenStorage;
import dev.anneal.core.config.ModelConfig.LayerBackward;
import dev.anneal.core.config.TrainingConfig;
import dev.anneal.core.export.AdapterExport;
import dev.anneal.core.export.LogitComparison;
import dev.anneal.core.format.SafetensorsReader;
import dev.anneal.core.format.TensorInfo;
import dev.anneal.core.io.LocalFileStore;
import dev.anneal.core.model.LayerStorage;
import dev.anneal.core.model.LossSum;
import dev.anneal.core.model.MicroBatch;
import dev.anneal.core.model.weights.DecoderLayout;
import dev.anneal.core.model.weights.LinearSite;
import dev.anneal.core.model.weights.ParameterSpec;
import dev.anneal.core.optim.OwnedState;
import dev.anneal.core.optim.StepRule;
import dev.anneal.core.tensor.Device;
import dev.anneal.core.tensor.FloatRegion;
import dev.anneal.core.tensor.TensorRuntime;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DiffPruningTest extends AdapterMethodContract {
  private static final int STEP = 3;

  @TempDir private Path folder;

  @Override
  List<String> settings() {
    return List.of("adapter.peft_type=DIFF_PRUNING");
  }

  @Override
  long trainedValues(LinearSite site) {
    return 2 * site.inFeatures() * site.outFeatures();
  }

  /** z times D is rounded once more when it is saved. */
  @Override
  double roundTripTolerance() {
    return 1e-5;
  }

  /** {@code record_diff_pruning.py} */
  @Override
  Recorded recorded() {
    return new Recorded(5.328305117, 0.702949391, 28, "model.layers.0.mlp.down_proj.diff [40, 44]");
  }

  private static AdapterMethod method(String... settings) {
    String[] all =
        Stream.concat(Stream.of("peft_type=DIFF_PRUNING"), Stream.of(settings))
            .map(setting -> "adapter." + setting)
            .toArray(String[]::new);
    return AdapterRegistry.choose(
            TrainingConfig.of(all).adapter(), Optional.empty(), MODEL.config())
        .orElseThrow();
  }

  private static TrainedModel filled(
      TensorRuntime runtime, AdapterMethod method, LayerBackward backward) {
    TrainedModel model = AdaptedModel.open(runtime, method, LayerStorage.KEEP, backward);
    AdaptedModel.fill(runtime, model);
    return model;
  }

  private static TensorRuntime runtime() {
    TensorRuntime runtime = TensorRuntime.open(Device.CPU);
    runtime.prepareThread(1);
    return runtime;
  }

  /** {@code record_diff_pruning.py [--structured] [--noise 42 3]} */
  @ParameterizedTest
  @CsvSource({
    "false, 5.328305117, 0.702949391, 5.397701947, 2.884518669",
    "true,  5.247931924, 0.155139189, 5.073442439, 0.846152781"
  })
  void givesWhatTheReferenceGivesWithTheNoiseOfAStepAndWithout(
      boolean structured, double loss, double gradient, double noisyLoss, double noisyGradient)
      throws IOException {
    MicroBatch rows = MicroBatch.of(AdaptedModel.rows(), 0);
    for (LayerBackward backward : List.of(LayerBackward.AUTO, LayerBackward.AUTOGRAD)) {
      try (TensorRuntime runtime = runtime();
          TrainedModel model = filled(runtime, method("structured=" + structured), backward)) {
        for (int step = STEP - 1; step <= STEP; step++) {
          model.parameters().zeroGradients();
          model.beginStep(step);
          requireLoss(model, rows, step == STEP, noisyLoss, noisyGradient);
          model.parameters().zeroGradients();
          model.endStep();
          requireLoss(model, rows, true, loss, gradient);
        }
      }
    }
  }

  private static void requireLoss(
      TrainedModel model, MicroBatch rows, boolean same, double loss, double gradient) {
    LossSum sum = model.model().forwardBackward(rows);
    double mean = sum.sum() / sum.targetTokens();
    if (same) {
      assertThat(mean).isCloseTo(loss, within(1e-5));
      assertThat(norm(model.parameters().gradients().toFloats()) / sum.targetTokens())
          .isCloseTo(gradient, within(1e-4 * gradient));
    } else {
      assertThat(mean).as("noise of another step").isNotCloseTo(loss, within(1e-3));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void bothBackwardsGiveTheSameGradientsUnderNoise(boolean structured) throws IOException {
    AdapterMethod method = method("structured=" + structured);
    MicroBatch rows = MicroBatch.of(AdaptedModel.rows(), 0);
    try (TensorRuntime runtime = runtime();
        TrainedModel written = filled(runtime, method, LayerBackward.AUTO);
        TrainedModel graph = filled(runtime, method, LayerBackward.AUTOGRAD)) {
      for (TrainedModel model : List.of(written, graph)) {
        model.beginStep(1);
        model.model().forwardBackward(rows);
      }
      int open = 0;
      for (ParameterSpec spec : graph.parameters().specs()) {
        float[] expected = graph.parameters().gradient(spec.name()).toFloats();
        float[] actual = written.parameters().gradient(spec.name()).toFloats();
        if (norm(expected) == 0) { // the gate of the whole matrix is closed
          assertThat(norm(actual)).as(spec.name()).isZero();
        } else {
          // a group's is one sum of elements that nearly cancel
          double tolerance = spec.elementCount() == 1 ? 1e-3 : 1e-5;
          requireSame(spec.name(), actual, expected, tolerance);
          open++;
        }
      }
      assertThat(open).isGreaterThan(graph.parameters().specs().size() / 3);
    }
  }

  /** {@code record_diff_pruning.py [--structured]}, its last line; from two pieces a tensor. */
  @ParameterizedTest
  @CsvSource({"false, 9120.524414, 33.389241874", "true, 5132.823730, 665.522896164"})
  void thePenaltyIsTheExpectedNumberOfOpenGates(
      boolean structured, double penalty, double gradientNorm) {
    double weight = 1e-3;
    AdapterMethod method = method("structured=" + structured, "sparsity_penalty=" + weight);
    try (TensorRuntime runtime = runtime();
        TrainedModel model = filled(runtime, method, LayerBackward.AUTO);
        StepRule rule = method.stepRule(runtime, new DecoderLayout(MODEL.config()))) {
      List<OwnedState.Piece> one = new ArrayList<>();
      List<OwnedState.Piece> other = new ArrayList<>();
      for (ParameterSpec spec : model.parameters().specs()) {
        FloatRegion values = model.parameters().value(spec.name()).region();
        FloatRegion gradients = model.parameters().gradient(spec.name()).region();
        long cut = values.length() / 3;
        if (cut > 0) {
          one.add(piece(spec, 0, values.slice(0, cut), gradients.slice(0, cut)));
        }
        long rest = values.length() - cut;
        other.add(piece(spec, cut, values.slice(cut, rest), gradients.slice(cut, rest)));
      }
      OwnedState own = new OwnedState(List.of(one, other), false, model.parameters()::value);
      assertThat(rule.addGradients(own, 7)).isCloseTo(weight * penalty, within(1e-6 * penalty));
      double norm = norm(model.parameters().gradients().toFloats());
      assertThat(norm / (7 * weight)).isCloseTo(gradientNorm, within(1e-4 * gradientNorm));
    }
  }

  private static OwnedState.Piece piece(
      ParameterSpec spec, long offset, FloatRegion values, FloatRegion gradients) {
    return new OwnedState.Piece(spec.name(), offset, values, gradients, List.of());
  }

  @Test
  void theLargestDifferencesAloneAreSavedAndTrainingGoesOnOverThem() throws IOException {
    AdapterMethod method = method("keep_fraction=0.1", "target_modules=[q_proj, up_proj]");
    long elements =
        new DecoderLayout(MODEL.config())
            .sites().stream()
                .filter(site -> method.adapts(site.module()))
                .mapToLong(site -> site.inFeatures() * site.outFeatures())
                .sum();
    try (TensorRuntime runtime = runtime();
        TrainedModel model = filled(runtime, method, LayerBackward.AUTO)) {
      new AdapterExport(new LocalFileStore()).write(folder.toString(), method, model, "base");
      assertThat(Files.readString(folder.resolve("adapter_config.json")))
          .contains("\"elements\": " + elements, "\"kept_elements\": ", "\"anneal_format\": 1");
      long kept = saved(folder);
      assertThat(kept).isPositive().isLessThanOrEqualTo(elements / 10);

      AdapterFolder saved = AdapterFolder.open(folder);
      assertThat(saved.config().unknownKeys()).isEmpty();
      for (LayerBackward backward : List.of(LayerBackward.AUTO, LayerBackward.AUTOGRAD)) {
        try (TrainedModel again = goingOn(runtime, saved, backward)) {
          assertThat(again.parameters().specs()).hasSize(4);
          again.model().forwardBackward(MicroBatch.of(AdaptedModel.rows(), 0));
          float[] values = again.parameters().values().toFloats();
          float[] gradients = again.parameters().gradients().toFloats();
          int trained = 0;
          for (int i = 0; i < values.length; i++) {
            trained += gradients[i] != 0 ? 1 : 0;
            assertThat(gradients[i] != 0 && values[i] == 0).as("element %d", i).isFalse();
          }
          assertThat(trained).isGreaterThan((int) (0.9 * kept));
        }
      }
    }
  }

  private static long saved(Path folder) throws IOException {
    try (SafetensorsReader reader =
        SafetensorsReader.openFile(folder.resolve("adapter_model.safetensors"))) {
      assertThat(reader.tensors().keySet())
          .allMatch(name -> name.matches("model\\..*_proj\\.diff_(indices|values|shape)"));
      return reader.tensors().values().stream()
          .filter(info -> info.name().endsWith("_values"))
          .map(TensorInfo::shape)
          .mapToLong(shape -> shape.elements())
          .sum();
    }
  }

  private static TrainedModel goingOn(
      TensorRuntime runtime, AdapterFolder folder, LayerBackward backward) {
    AdapterMethod method =
        AdapterRegistry.choose(
                TrainingConfig.of("adapter.path=" + folder.path()).adapter(),
                Optional.of(folder),
                MODEL.config())
            .orElseThrow();
    TrainedModel.Assembly assembly =
        new TrainedModel.Assembly(
            MODEL,
            TrainedModel.BaseWeights.PRETRAINED,
            Optional.of(method),
            Optional.of(folder),
            42,
            true,
            LayerStorage.KEEP,
            backward,
            FrozenStorage.FLOAT32);
    return TrainedModel.open(runtime, assembly, 1, 1000);
  }

  /** A model that was written of a checkpoint and its adapter are one model. */
  @Test
  void aSettledModelIsWhatItsExportIs() throws IOException {
    AdapterMethod method = method("keep_fraction=0.1", "structured=true");
    try (TensorRuntime runtime = runtime();
        TrainedModel model = filled(runtime, method, LayerBackward.AUTO)) {
      new AdapterExport(new LocalFileStore()).write(folder.toString(), method, model, "base");
      try (TrainedModel saved =
          TrainedModel.forInference(runtime, MODEL, Optional.of(AdapterFolder.open(folder)))) {
        assertThat(LogitComparison.of(model, saved).within(1e-3)).as("nothing is cut").isFalse();
        model.settle();
        assertThat(LogitComparison.of(model, saved).within(1e-5)).isTrue();
      }
    }
  }

  /** A second export holds what the first one does. */
  @Test
  void whatGoesOnIsSavedAsItIs() throws IOException {
    Path second = folder.resolve("second");
    AdapterMethod method = method("keep_fraction=0.1");
    try (TensorRuntime runtime = runtime();
        TrainedModel model = filled(runtime, method, LayerBackward.AUTO)) {
      new AdapterExport(new LocalFileStore()).write(folder.toString(), method, model, "base");
      try (TrainedModel again = goingOn(runtime, AdapterFolder.open(folder), LayerBackward.AUTO)) {
        new AdapterExport(new LocalFileStore())
            .write(second.toString(), again.adapter().orElseThrow(), again, "base");
        for (String file : List.of("adapter_model.safetensors", "adapter_config.json")) {
          assertThat(second.resolve(file)).hasSameBinaryContentAs(folder.resolve(file));
        }
        try (TrainedModel base = TrainedModel.forInference(runtime, MODEL, Optional.empty())) {
          assertThat(LogitComparison.of(base, again).within(1e-3)).as("no effect").isFalse();
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "keep_fraction=0 | Invalid adapter.keep_fraction: 0 (must be in (0, 1])",
        "keep_fraction=1.5 | Invalid adapter.keep_fraction: 1.5 (must be in (0, 1])",
        "sparsity_penalty=-1 | Invalid adapter.sparsity_penalty: -1 (must be >= 0)",
        "alpha_lr_ratio=0 | Invalid adapter.alpha_lr_ratio: 0 (must be > 0)",
        "alpha_init=1000 | Invalid adapter.alpha_init: 1000 (must be in [-50, 50])",
        "target_modules=[nothing] | matches no linear module",
        "modules_to_save=[lm_head] | Invalid adapter.modules_to_save: has no effect"
      })
  void refusesSettingsThatMeanNothing(String setting, String message) {
    assertThatThrownBy(() -> method(setting))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(message);
  }
}
