package dev.anneal.core.train;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.TrainingConfig;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TrainingSetupTest {
  @ParameterizedTest
  @CsvSource({"fp16,float16", "half,float16", "bf16,bfloat16"})
  void arithmeticOf16BitsIsRefusedOnACpu(String name, String type) {
    TrainingSetup setup = TrainingSetup.of(TrainingConfig.of("model.dtype=" + name));
    assertThatThrownBy(() -> setup.requireSupported(Optional.empty()))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith(
            "Unsupported train.bf16 or model.dtype: " + type + " needs a GPU (on a CPU leave both");
  }
}
