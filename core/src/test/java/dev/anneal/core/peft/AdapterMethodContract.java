package dev.anneal.core.peft;

import static dev.anneal.core.peft.AdaptedModel.MODEL;
import static dev.anneal.core.peft.AdaptedModel.norm;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.anneal.core.assembly.TrainedModel;
import dev.anneal.core.config.ModelConfig.LayerBackward;
import dev.anneal.core.config.TrainingConfig;
import dev.anneal.core.export.AdapterExport;
import dev.anneal.core.export.LogitComparison;
import dev.anneal.core.export.MergedWeights;
import dev.anneal.core.export.ModelExport;
import dev.anneal.core.io.LocalFileStore;
import dev.anneal.core.model.LayerStorage;
import dev.anneal.core.model.LossSum;
import dev.anneal.core.model.MicroBatch;
import dev.anneal.core.model.weights.DecoderLayout;
import dev.anneal.core.model.weights.LinearSite;
import dev.anneal.core.model.weights.ModelFolder;
import dev.anneal.core.model.weights.ParameterSpec;
import dev.anneal.core.tensor.Device;
import dev.anneal.core.tensor.TensorRuntime;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every adapter method keeps, on a recorded model. */
abstract class AdapterMethodContract {
  private static final double SAME_GRADIENT = 1e-5;

  @TempDir private Path temporary;
  private final LocalFileStore disk = new LocalFileStore();
  private TensorRuntime runtime;

  /**
   * What PEFT gives with the settings, when the element i of every trained tensor is 0.3 sin(i +
   * 1); interop/fixtures/record_adapter.py prints it.
   *
   * @param loss mean over the targets of the model's recorded rows
   * @param gradientNorm over all trained tensors
   * @param tensors how many are trained
   * @param firstTensor name and shape of the first one in adapter_model.safetensors, by name;
   *     weights of the base are left out
   */
  record Recorded(double loss, double gradientNorm, int tensors, String firstTensor) {}

  /** Settings of the method, {@code adapter.peft_type} among them. */
  abstract List<String> settings();

  /** How many values are trained at a site; 0 where the settings do not attach. */
  abstract long trainedValues(LinearSite site);

  /** The same at embedding and output matrix. */
  long trainedValuesOutside(LinearSite site) {
    return 0;
  }

  abstract Recorded recorded();

  /** Why a fresh adapter changes the logits, for a method that cannot help it. */
  Optional<String> whyAFreshAdapterChangesLogits() {
    return Optional.empty();
  }

  /** How far logits may be apart of a model and the same one saved and opened, over the largest. */
  double roundTripTolerance() {
    return 0;
  }

  /** How far gradients of the two programs may be apart, over their norm. */
  double sameGradient() {
    return SAME_GRADIENT;
  }

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
  void aFreshAdapterLeavesTheLogitsAsTheyAre() {
    try (TrainedModel base = TrainedModel.forInference(runtime, MODEL, Optional.empty());
        TrainedModel fresh = fresh()) {
      boolean same = LogitComparison.of(base, fresh).within(1e-6);
      assertThat(same)
          .as(whyAFreshAdapterChangesLogits().orElse("logits of the base model"))
          .isEqualTo(whyAFreshAdapterChangesLogits().isEmpty());
    }
  }

  @Test
  void trainsAsManyValuesAsItsFormulaSays() {
    AdapterMethod method = method();
    DecoderLayout layout = new DecoderLayout(MODEL.config());
    for (LinearSite site : method.sites(layout)) {
      long trained = method.parameters(site).stream().mapToLong(ParameterSpec::elementCount).sum();
      boolean end = site.layer() == LinearSite.OUTSIDE;
      assertThat(trained)
          .as(site.module())
          .isEqualTo(end ? trainedValuesOutside(site) : trainedValues(site));
    }
  }

  @Test
  void onlyTheAdapterIsTrainedAndAllOfIt() throws IOException {
    try (TrainedModel model = fresh()) {
      AdaptedModel.fill(runtime, model);
      model.model().forwardBackward(MicroBatch.of(AdaptedModel.rows(), 0));

      List<String> own = new ArrayList<>();
      for (LinearSite site : method().sites(new DecoderLayout(MODEL.config()))) {
        model.adapter().orElseThrow().parameters(site).forEach(spec -> own.add(spec.name()));
      }
      DecoderLayout layout = new DecoderLayout(model.config());
      List<String> whole = model.adapter().orElseThrow().trainedWeights(layout);
      Set<String> frozen = new HashSet<>(layout.weights().keySet());
      frozen.removeAll(whole);
      own.addAll(whole);
      assertThat(model.parameters().specs())
          .extracting(ParameterSpec::name)
          .containsExactlyInAnyOrderElementsOf(own)
          .doesNotContainAnyElementsOf(frozen);
      for (String name : own) {
        assertThat(norm(model.parameters().gradient(name).toFloats())).as(name).isPositive();
      }
    }
  }

  @Test
  void theMergedModelGivesTheLogitsOfBaseAndAdapter() throws IOException {
    Path folder = temporary.resolve("merged 合并");
    try (TrainedModel model = fresh()) {
      AdaptedModel.fill(runtime, model);
      try (MergedWeights merged = new MergedWeights(runtime, model)) {
        ModelFolder base = AdapterMethod.folder(MODEL, model.adapter());
        new ModelExport(disk)
            .write(folder.toString(), base, merged, ModelExport.StorageType.FLOAT32);
      }
      try (TrainedModel base = TrainedModel.forInference(runtime, MODEL, Optional.empty());
          TrainedModel merged =
              TrainedModel.forInference(runtime, ModelFolder.open(folder), Optional.empty())) {
        assertThat(LogitComparison.of(base, model).within(1e-2)).as("has no effect").isFalse();
        assertThat(LogitComparison.of(model, merged).within(1e-5)).isTrue();
      }
    }
  }

  @Test
  void aSavedAdapterIsOpenedAsItWas() throws IOException {
    Path folder = temporary.resolve("my adapter 适配器");
    try (TrainedModel model = fresh()) {
      AdaptedModel.fill(runtime, model);
      AdapterMethod method = model.adapter().orElseThrow();
      new AdapterExport(disk).write(folder.toString(), method, model, "base");
      try (TrainedModel again =
          TrainedModel.forInference(runtime, MODEL, Optional.of(AdapterFolder.open(folder)))) {
        AdapterMethod read = again.adapter().orElseThrow();
        assertThat(read).hasSameClassAs(method);
        assertThat(read.exportConfig()).isEqualTo(method.exportConfig());
        assertThat(LogitComparison.of(model, again).within(roundTripTolerance())).isTrue();
      }
    }
  }

  @Test
  void givesWhatPeftGives() throws IOException {
    try (TrainedModel model = fresh()) {
      AdaptedModel.fill(runtime, model);
      LossSum loss = model.model().forwardBackward(MicroBatch.of(AdaptedModel.rows(), 0));
      double norm = norm(model.parameters().gradients().toFloats()) / loss.targetTokens();
      List<String> tensors =
          model.parameters().specs().stream()
              .map(spec -> model.adapter().orElseThrow().exportName(spec) + shape(spec))
              .sorted()
              .toList();

      Recorded peft = recorded();
      assertThat(tensors).hasSize(peft.tensors());
      assertThat(tensors.get(0)).isEqualTo(peft.firstTensor());
      assertThat(loss.sum() / loss.targetTokens()).isCloseTo(peft.loss(), within(1e-5));
      assertThat(norm).isCloseTo(peft.gradientNorm(), within(1e-4 * peft.gradientNorm()));
    }
  }

  /** Whichever program serves the method, its gradients are those of autograd. */
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
        (name, expected) ->
            AdaptedModel.requireSame(name, served.get(name), expected, sameGradient()));
  }

  private AdapterMethod method() {
    return AdapterRegistry.choose(
            TrainingConfig.of(settings().toArray(String[]::new)).adapter(),
            Optional.empty(),
            MODEL.config())
        .orElseThrow();
  }

  private TrainedModel fresh() {
    return AdaptedModel.open(runtime, method(), LayerStorage.KEEP, LayerBackward.AUTO);
  }

  private static String shape(ParameterSpec spec) {
    return " " + spec.shape();
  }
}
