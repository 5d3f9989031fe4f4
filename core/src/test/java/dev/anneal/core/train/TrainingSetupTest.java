package dev.anneal.core.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.TrainingConfig;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TrainingSetupTest {
  @ParameterizedTest
  @CsvSource({
    "model.dtype=auto,float32",
    "model.dtype=bf16,bfloat16",
    "model.dtype=bf16 train.bf16=true,bfloat16",
    "train.bf16=true,bfloat16 products of float32",
    "train.fp16=true,float16 products of float32",
    "model.dtype=half train.fp16=true,float16"
  })
  void typesAreThoseOfTransformers(String settings, String label) {
    TrainingSetup setup = TrainingSetup.of(TrainingConfig.of(settings.split(" ")));
    setup.requireSupported(Optional.empty());
    assertThat(setup.precision().label()).isEqualTo(label);
  }

  @Test
  void fp16BesideBf16IsRefused() {
    TrainingSetup setup =
        TrainingSetup.of(TrainingConfig.of("model.dtype=fp16", "train.bf16=true"));
    assertThatThrownBy(() -> setup.requireSupported(Optional.empty()))
        .isInstanceOf(ConfigException.class)
        .hasMessage("Invalid train.bf16: true (must be false with model.dtype = float16)");
  }
}
