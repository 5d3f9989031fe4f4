package dev.anneal.core.assembly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.anneal.core.format.Shape;
import dev.anneal.core.model.weights.ParameterSpec;
import dev.anneal.core.tensor.CounterRandom;
import dev.anneal.core.tensor.Device;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The program's numbers are CounterRandom's, whatever the threads. */
class StepNoiseTest {
  private static final ParameterSpec BUFFER =
      new ParameterSpec("a.b_noise", Shape.of(300, 500), false);
  private static final ParameterSpec OTHER =
      new ParameterSpec("a.c_noise", Shape.of(300, 500), false);

  @Test
  void drawsFromSeedNameStepAndElementAlone() {
    for (int threads : new int[] {1, 2}) {
      try (TensorRuntime runtime = TensorRuntime.open(Device.CPU)) {
        runtime.prepareThread(threads);
        try (Tensor tensor = runtime.zeros(300, 500);
            Tensor second = runtime.zeros(300, 500);
            StepNoise noise =
                new StepNoise(
                    runtime,
                    List.of(BUFFER, OTHER),
                    name -> name.equals(BUFFER.name()) ? tensor : second,
                    42)) {
          noise.begin(7);
          requireNoise(tensor, CounterRandom.of(42, "a.b_noise:7"));
          requireNoise(second, CounterRandom.of(42, "a.c_noise:7"));
          noise.begin(8);
          requireNoise(tensor, CounterRandom.of(42, "a.b_noise:8"));
          noise.end();
          assertThat(tensor.toFloats()).containsOnly(0f);
          assertThat(second.toFloats()).containsOnly(0f);
        }
        assertThat(runtime.liveTensors()).isZero();
      }
    }
  }

  /** log u - log(1 - u), by the law of which the mean is 0 and the variance pi squared over 3. */
  private static void requireNoise(Tensor tensor, CounterRandom random) {
    float[] values = tensor.toFloats();
    double sum = 0;
    double squares = 0;
    for (int i = 0; i < values.length; i++) {
      double u = ((random.bits(i) >>> 41) + 0.5) / (1 << 23);
      assertThat(values[i]).isCloseTo((float) Math.log(u / (1 - u)), within(2e-5f));
      sum += values[i];
      squares += (double) values[i] * values[i];
    }
    double deviation = Math.PI / Math.sqrt(3 * values.length);
    assertThat(sum / values.length).isCloseTo(0, within(5 * deviation));
    assertThat(squares / values.length).isCloseTo(Math.PI * Math.PI / 3, within(0.1));
  }
}
