package dev.anneal.core.peft;

import static dev.anneal.core.peft.AdaptedModel.MODEL;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.anneal.core.assembly.TrainedModel;
import dev.anneal.core.config.ModelConfig.LayerBackward;
import dev.anneal.core.config.TrainingConfig;
import dev.anneal.core.export.LogitComparison;
import dev.anneal.core.model.LayerStorage;
import dev.anneal.core.model.LossSum;
import dev.anneal.core.model.MicroBatch;
import dev.anneal.core.model.weights.ParameterSpec;
import dev.anneal.core.tensor.Device;
import dev.anneal.core.tensor.TensorRuntime;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What every method keeps that trains weights of the base model and nothing else. */
abstract class WholeWeightsContract {
  private TensorRuntime runtime;

  /**
   * What torch gives when element i of every trained weight is 0.3 sin(i + 1); {@code
   * interop/fixtures/record_adapter.py WEIGHTS PATTERN} prints it.
   */
  record Recorded(double loss, double gradientNorm) {}

  abstract List<String> settings();

  /** The names of the trained weights. */
  abstract List<String> trained();

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
  void beginsAsTheModelAndTrainsThoseWeightsAlone() {
    try (TrainedModel base = TrainedModel.forInference(runtime, MODEL, Optional.empty());
        TrainedModel fresh = open(LayerBackward.AUTO)) {
      assertThat(LogitComparison.of(base, fresh).difference()).isZero();
      assertThat(fresh.parameters().specs())
          .extracting(ParameterSpec::name)
          .containsExactlyInAnyOrderElementsOf(trained());
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = LayerBackward.class,
      names = {"AUTO", "AUTOGRAD"})
  void givesWhatTorchGives(LayerBackward backward) throws IOException {
    try (TrainedModel model = open(backward)) {
      AdaptedModel.fill(runtime, model);
      LossSum loss = model.model().forwardBackward(MicroBatch.of(AdaptedModel.rows(), 0));
      double norm = AdaptedModel.norm(model.parameters().gradients().toFloats());
      Recorded torch = recorded();
      assertThat(loss.sum() / loss.targetTokens()).isCloseTo(torch.loss(), within(1e-5));
      assertThat(norm / loss.targetTokens())
          .isCloseTo(torch.gradientNorm(), within(1e-4 * torch.gradientNorm()));
    }
  }

  private TrainedModel open(LayerBackward backward) {
    AdapterMethod method =
        AdapterRegistry.choose(
                TrainingConfig.of(settings().toArray(String[]::new)).adapter(),
                Optional.empty(),
                MODEL.config())
            .orElseThrow();
    assertThat(method.product()).isEqualTo(AdapterMethod.Product.MODEL);
    return AdaptedModel.open(runtime, method, LayerStorage.KEEP, backward);
  }
}
