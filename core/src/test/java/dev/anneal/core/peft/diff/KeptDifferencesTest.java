package dev.anneal.core.peft.diff;

import static org.assertj.core.api.Assertions.assertThat;

import dev.anneal.core.tensor.CounterRandom;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The bound by two passes over bits against a sort. */
class KeptDifferencesTest {
  @ParameterizedTest
  @ValueSource(doubles = {1, 0.999, 0.5, 0.31, 0.005, 1e-9})
  void keepsTheLargestOfAllTogether(double fraction) {
    CounterRandom random = CounterRandom.of(3, "differences");
    float[] one = new float[3000];
    float[] other = new float[2001];
    for (int i = 0; i < one.length; i++) {
      one[i] = i % 7 == 0 ? 0 : (float) (random.gaussian(i) * Math.pow(10, i % 5 - 3));
    }
    for (int i = 0; i < other.length; i++) {
      other[i] = i % 3 == 0 ? 0.25f : (float) random.gaussian(5000 + i);
    }
    Map<String, float[]> all = Map.of("one", one, "other", other);
    KeptDifferences chosen = KeptDifferences.of(List.of("one", "other"), all::get, fraction);

    float[] sizes = new float[one.length + other.length];
    for (int i = 0; i < sizes.length; i++) {
      sizes[i] = Math.abs(i < one.length ? one[i] : other[i - one.length]);
    }
    Arrays.sort(sizes);
    int most = (int) (fraction * sizes.length);
    float bound = most == sizes.length ? 0 : sizes[sizes.length - most - 1];
    long kept = 0;
    for (float size : sizes) {
      kept += size > bound ? 1 : 0;
    }
    assertThat(chosen).isEqualTo(new KeptDifferences(bound, kept, sizes.length));
    assertThat(chosen.kept()).isLessThanOrEqualTo(most);
    float[] cut = one.clone();
    chosen.cut(cut);
    for (int i = 0; i < cut.length; i++) {
      assertThat(cut[i]).isEqualTo(Math.abs(one[i]) > bound ? one[i] : 0);
    }
  }
}
