package dev.anneal.core.peft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.anneal.core.model.LinearHook;
import dev.anneal.core.script.Program;
import dev.anneal.core.tensor.CounterRandom;
import dev.anneal.core.tensor.Device;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The masks that LoRA's dropout draws: their share, and that nothing is drawn twice. */
class LoraDropoutTest {
  private static final int TOKENS = 600;
  private static final int COLUMNS = 128;
  private static final double CHANCE = 4.5 / Math.sqrt((double) TOKENS * COLUMNS);

  private TensorRuntime runtime;

  @BeforeEach
  void open() {
    runtime = TensorRuntime.open(Device.CPU);
    runtime.prepareThread(1);
  }

  @AfterEach
  void close() {
    runtime.close();
  }

  /** The keys of consecutive tokens of a sample, as a batch makes them. */
  private static long[] keys(long sampleKey) {
    long sample = CounterRandom.mix(sampleKey + 1);
    long[] keys = new long[TOKENS];
    Arrays.setAll(keys, i -> CounterRandom.mix(sample + i));
    return keys;
  }

  private static double site(String module) {
    return CounterRandom.of(0, module).bits(0) >>> 12;
  }

  /** What ones become: [tokens * columns]. */
  private float[] mask(long[] keys, String module, double p) {
    float[] ones = new float[keys.length * COLUMNS];
    Arrays.fill(ones, 1f);
    try (Tensor x = runtime.floats(ones, keys.length, COLUMNS);
        Tensor tokenKeys = runtime.longs(keys, keys.length);
        Tensor siteKey = runtime.doubles(new double[] {site(module)}, 1);
        Tensor result = runProgram(x, tokenKeys, siteKey, p)) {
      return result.toFloats();
    }
  }

  /** A method of the program takes tensors only: the share stands in the text. */
  private Tensor runProgram(Tensor x, Tensor keys, Tensor site, double p) {
    String caller =
        """
          def masked(self: __torch__.Program, x: Tensor, keys: Tensor, site_key: Tensor) -> Tensor:
            return self.dropout(x, keys, site_key, %s)
        """
            .formatted(p);
    String dropout =
        Program.source(LinearHook.class, "random.torchscript")
            + Program.source(Lora.class, "dropout.torchscript");
    try (Program withCaller = Program.compile(runtime, List.of(dropout, caller))) {
      return withCaller.call("masked").tensor(x).tensor(keys).tensor(site).one();
    }
  }

  private static double[] kept(float[] mask) {
    double[] kept = new double[mask.length];
    Arrays.setAll(kept, i -> mask[i] > 0 ? 1 : 0);
    return kept;
  }

  private static double correlation(double[] a, double[] b) {
    double meanA = Arrays.stream(a).average().orElseThrow();
    double meanB = Arrays.stream(b).average().orElseThrow();
    double both = 0;
    double varA = 0;
    double varB = 0;
    for (int i = 0; i < a.length; i++) {
      both += (a[i] - meanA) * (b[i] - meanB);
      varA += (a[i] - meanA) * (a[i] - meanA);
      varB += (b[i] - meanB) * (b[i] - meanB);
    }
    return both / Math.sqrt(varA * varB);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.01, 0.1, 0.5, 0.9})
  void keepsItsShareAndScalesIt(double p) {
    float[] mask = mask(keys(7), "model.layers.0.self_attn.q_proj", p);
    double share = Arrays.stream(kept(mask)).average().orElseThrow();
    double deviation = Math.sqrt(p * (1 - p) / mask.length);
    assertThat(share).isCloseTo(1 - p, within(4.5 * deviation));
    for (float value : mask) {
      assertThat(value == 0f || Math.abs(value - (float) (1 / (1 - p))) < 1e-6f).isTrue();
    }
  }

  @Test
  void drawsAgainForEverySiteSampleTokenAndColumn() {
    double p = 0.5;
    String site = "model.layers.0.self_attn.q_proj";
    double[] base = kept(mask(keys(7), site, p));
    for (String other : List.of("model.layers.1.self_attn.q_proj", "model.layers.0.mlp.up_proj")) {
      assertThat(correlation(base, kept(mask(keys(7), other, p))))
          .as(other)
          .isCloseTo(0, within(CHANCE));
    }
    for (long sample : new long[] {8, 7 + 65_536L, 7 + 64 * 65_536L}) {
      assertThat(correlation(base, kept(mask(keys(sample), site, p))))
          .as("sample %d", sample)
          .isCloseTo(0, within(CHANCE));
    }
    for (int shift : new int[] {1, 2, 3, 7, 64, COLUMNS, 2 * COLUMNS, COLUMNS + 1}) {
      double[] shifted = Arrays.copyOfRange(base, shift, base.length);
      double[] start = Arrays.copyOf(base, base.length - shift);
      assertThat(correlation(start, shifted)).as("shift %d", shift).isCloseTo(0, within(CHANCE));
    }
  }

  @Test
  void everyColumnAndEveryTokenKeepsItsShare() {
    double p = 0.5;
    double[] kept = kept(mask(keys(3), "model.layers.0.mlp.down_proj", p));
    double[] columns = new double[COLUMNS];
    double[] tokens = new double[TOKENS];
    for (int i = 0; i < kept.length; i++) {
      columns[i % COLUMNS] += kept[i] / TOKENS;
      tokens[i / COLUMNS] += kept[i] / COLUMNS;
    }
    assertThat(spread(columns)).isCloseTo(p * p / TOKENS, within(0.5 * p * p / TOKENS));
    assertThat(spread(tokens)).isCloseTo(p * p / COLUMNS, within(0.5 * p * p / COLUMNS));
  }

  private static double spread(double[] values) {
    double mean = Arrays.stream(values).average().orElseThrow();
    return Arrays.stream(values).map(v -> (v - mean) * (v - mean)).average().orElseThrow();
  }

  @Test
  void aTokensMaskDoesNotDependOnItsNeighbours() {
    long[] all = keys(5);
    long[] tail = Arrays.copyOfRange(all, 100, 160);
    float[] whole = mask(all, "model.layers.0.self_attn.v_proj", 0.1);
    float[] part = mask(tail, "model.layers.0.self_attn.v_proj", 0.1);
    assertThat(part).isEqualTo(Arrays.copyOfRange(whole, 100 * COLUMNS, 160 * COLUMNS));
  }
}
