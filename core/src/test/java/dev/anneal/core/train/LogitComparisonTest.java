package dev.anneal.core.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.anneal.core.assembly.TrainedModel;
import dev.anneal.core.export.LogitComparison;
import dev.anneal.core.model.LayerStorage;
import dev.anneal.core.tensor.Device;
import dev.anneal.core.tensor.TensorRuntime;
import org.junit.jupiter.api.Test;

class LogitComparisonTest {
  @Test
  void tellsModelsApart() {
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU)) {
      runtime.prepareThread(1);
      try (TrainedModel base =
              TrainedModel.open(runtime, Parity.full("qwen3", LayerStorage.KEEP), 1, 1000);
          TrainedModel same =
              TrainedModel.open(runtime, Parity.full("qwen3", LayerStorage.KEEP), 1, 1000);
          TrainedModel adapted =
              TrainedModel.open(runtime, Parity.lora("qwen3", LayerStorage.KEEP), 1, 1000)) {
        assertThat(LogitComparison.of(base, same).difference()).isZero();
        assertThat(LogitComparison.of(base, same).within(0)).isTrue();
        assertThat(LogitComparison.of(base, adapted).scale()).isPositive();
        assertThat(LogitComparison.of(base, adapted).within(1e-3)).isFalse();
      }
    }
  }

  @Test
  void whatIsNoNumberIsNeverClose() {
    assertThat(new LogitComparison(Double.NaN, 1).within(1e9)).isFalse();
    assertThat(new LogitComparison(0, Double.NaN).within(1)).isFalse();
    assertThat(new LogitComparison(0, 0).within(0)).isTrue();
  }
}
