package dev.anneal.core.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.anneal.core.script.Program;
import dev.anneal.core.tensor.CounterRandom;
import dev.anneal.core.tensor.Device;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** NEFTune's noise: its bound and law, and that it follows from a token's key alone. */
class InputNoiseTest {
  private static final int COLUMNS = 256;
  private static final int TOKENS = 120;

  @Test
  void isUniformWithinAlphaOverTheRootOfTokensTimesWidth() {
    float[] noise = noise(keys(5, TOKENS), 1f);
    double mean = 0;
    double squares = 0;
    for (float value : noise) {
      assertThat(value).isBetween(-1f, 1f);
      mean += value;
      squares += (double) value * value;
    }
    double count = noise.length;
    assertThat(mean / count).isCloseTo(0, within(4.5 * Math.sqrt(1 / (3 * count))));
    assertThat(squares / count).isCloseTo(1.0 / 3, within(4.5 * Math.sqrt(4.0 / (45 * count))));
    assertThat(Arrays.equals(noise, noise(keys(6, TOKENS), 1f))).isFalse();
  }

  @Test
  void aTokensNoiseDoesNotDependOnItsNeighbours() {
    float[] all = noise(keys(5, TOKENS), 1f);
    long[] keys = keys(5, TOKENS);
    float[] some = noise(Arrays.copyOfRange(keys, 40, 60), 1f);
    assertThat(some).isEqualTo(Arrays.copyOfRange(all, 40 * COLUMNS, 60 * COLUMNS));
  }

  @Test
  void packedSamplesHaveEachTheirOwnLength() {
    long[] ids = new long[8];
    MicroBatch batch =
        new MicroBatch(
            ids, ids, new long[] {2, 6}, new long[] {1}, new long[] {0}, new long[] {1, 2});
    float[] scales = new InputNoise(5).scales(batch, 64, 0);
    assertThat(scales).hasSize(8);
    assertThat(scales[1]).isCloseTo((float) (5 / Math.sqrt(2 * 64)), within(1e-7f));
    assertThat(scales[2]).isCloseTo((float) (5 / Math.sqrt(6 * 64)), within(1e-7f));
  }

  @Test
  void refusesWhatIsNoBound() {
    assertThatThrownBy(() -> new InputNoise(-1)).hasMessage("Invalid noise: -1.0 (must be >= 0)");
    assertThatThrownBy(() -> new InputNoise(Double.NaN))
        .hasMessage("Invalid noise: NaN (must be >= 0)");
  }

  private static long[] keys(long sampleKey, int tokens) {
    long sample = CounterRandom.mix(sampleKey + 1);
    long[] keys = new long[tokens];
    Arrays.setAll(keys, i -> CounterRandom.mix(sample + i));
    return keys;
  }

  private static float[] noise(long[] keys, float scale) {
    float[] scales = new float[keys.length];
    Arrays.fill(scales, scale);
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU)) {
      runtime.prepareThread(1);
      String text = Program.source(InputNoise.class, "random.torchscript");
      try (Program program = Program.compile(runtime, List.of(text));
          Tensor x = runtime.zeros(keys.length, COLUMNS);
          Tensor tokenKeys = runtime.longs(keys, keys.length);
          Tensor place = runtime.doubles(new double[] {InputNoise.place()}, 1);
          Tensor bounds = runtime.floats(scales, scales.length, 1)) {
        program.call("add_noise").tensor(x).tensor(tokenKeys).tensor(place).tensor(bounds).invoke();
        return x.toFloats();
      }
    }
  }
}
