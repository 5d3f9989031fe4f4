package dev.anneal.core.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.anneal.core.config.TrainConfig.LrSchedulerType;
import dev.anneal.core.script.TensorProgram;
import dev.anneal.core.tensor.Device;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against values recorded from torch and transformers. */
class AdamWTest {
  private static final Path ROOT = Path.of("src/test/resources/parity");

  @ParameterizedTest
  @ValueSource(doubles = {1, 4})
  void updatesAsTorchDoes(double rateScale) throws IOException {
    JsonNode facts = new ObjectMapper().readTree(ROOT.resolve("adamw.json").toFile());
    JsonNode settings = facts.get("settings");
    float[] start = floats(facts.get("start"));
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU);
        TensorProgram tensors = TensorProgram.open(runtime);
        OptimizerProgram program = OptimizerProgram.open(runtime, new AdamW.Method());
        AdamW adamw =
            new AdamW(
                runtime,
                program,
                tensors,
                new AdamW.Settings(
                    settings.get("beta1").asDouble(),
                    settings.get("beta2").asDouble(),
                    settings.get("epsilon").asDouble(),
                    settings.get("weight_decay").asDouble()),
                start.length + 3);
        Tensor weight = runtime.floats(start, start.length);
        Tensor gradient = runtime.zeros(start.length)) {
      Optimizer.Run run = new Optimizer.Run(weight, gradient, 3, start.length, true, rateScale);
      int step = 0;
      for (JsonNode expected : facts.get("steps")) {
        try (Tensor g = runtime.floats(floats(expected.get("gradient")), start.length)) {
          tensors.copy(gradient, g);
        }
        adamw.step(List.of(run), expected.get("learning_rate").asDouble() / rateScale, ++step);
        requireClose(weight.toFloats(), floats(expected.get("weight")), step);
      }
    }
  }

  @Test
  void schedulesAreThoseOfTransformers() throws IOException {
    JsonNode facts = new ObjectMapper().readTree(ROOT.resolve("schedules.json").toFile());
    for (JsonNode schedule : facts) {
      LearningRateSchedule own =
          new LearningRateSchedule(
              LrSchedulerType.valueOf(schedule.get("name").asText().toUpperCase(Locale.ROOT)),
              1,
              schedule.get("warmup_steps").asLong(),
              schedule.get("max_steps").asLong());
      for (int i = 0; i < schedule.get("rates").size(); i++) {
        assertThat(own.at(i))
            .as("%s at step %d", schedule, i)
            .isCloseTo(schedule.get("rates").get(i).asDouble(), within(1e-12));
      }
    }
  }

  private static void requireClose(float[] own, float[] expected, int step) {
    for (int i = 0; i < own.length; i++) {
      assertThat(own[i])
          .as("element %d after step %d", i, step)
          .isCloseTo(expected[i], within(1e-6f));
    }
  }

  private static float[] floats(JsonNode array) {
    float[] values = new float[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) array.get(i).asDouble();
    }
    return values;
  }
}
