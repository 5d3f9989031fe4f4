package dev.anneal.data.dedup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.anneal.data.text.NGrams;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class NearDuplicatesTest {
  @Test
  void bandsAreDerivedFromTheThreshold() {
    for (double threshold : new double[] {0.3, 0.5, 0.7, 0.8, 0.9, 0.95}) {
      Bands bands = Bands.of(threshold);
      assertThat(bands.hashes()).isLessThanOrEqualTo(Bands.MAX_HASHES);
      assertThat(bands.probability(threshold)).isGreaterThanOrEqualTo(Bands.AIMED_RECALL);
      assertThat(bands.middle()).isLessThan(threshold);
    }
    assertThat(Bands.of(0.8)).isEqualTo(new Bands(26, 8));
    assertThat(Bands.of(1).bands()).isEqualTo(1);
    assertThat(Bands.of(0.01).hashes()).isEqualTo(Bands.MAX_HASHES);
    assertThat(new Bands(14, 8).middle()).isCloseTo(0.719, within(0.001));
    assertThatThrownBy(() -> new Bands(0, 8)).hasMessage("Invalid bands: 0 x 8 (both must be > 0)");
  }

  @Test
  void bandsAgreeAsOftenAsTheJaccardSays() {
    Bands bands = new Bands(10, 4);
    MinHash minHash = new MinHash(bands);
    SplittableRandom random = new SplittableRandom(7);
    int pairs = 400;
    int met = 0;
    for (int pair = 0; pair < pairs; pair++) {
      long[] one = new long[150];
      long[] two = new long[150]; // 100 shared of 200: Jaccard 0.5
      for (int i = 0; i < 150; i++) {
        one[i] = random.nextLong();
        two[i] = i < 100 ? one[i] : random.nextLong();
      }
      long[] a = minHash.bandKeys(one);
      long[] b = minHash.bandKeys(two);
      boolean agree = false;
      for (int band = 0; band < a.length; band++) {
        agree |= a[band] == b[band];
      }
      met += agree ? 1 : 0;
    }
    assertThat((double) met / pairs).isCloseTo(bands.probability(0.5), within(0.07));
    assertThat(minHash.bandKeys(new long[0])).isEmpty();
    assertThat(minHash.bandKeys(new long[] {5})).doesNotHaveDuplicates().hasSize(10);
  }

  @Test
  void jaccardIsExact() {
    assertThat(Jaccard.of(new long[] {1, 2, 3}, new long[] {2, 3, 4, 5})).isEqualTo(2.0 / 5);
    assertThat(Jaccard.of(new long[] {1}, new long[] {1})).isEqualTo(1);
    assertThat(Jaccard.of(new long[0], new long[0])).isZero();
    assertThat(Jaccard.of(NGrams.set("a b c d", 2), NGrams.set("x a b c", 2))).isEqualTo(0.5);
    assertThat(Jaccard.impossible(79, 100, 0.8)).isTrue();
    assertThat(Jaccard.impossible(80, 100, 0.8)).isFalse();
  }

  @Test
  void componentsAreThoseOfAFlood() {
    SplittableRandom random = new SplittableRandom(3);
    Components components = new Components(100_000);
    Map<Long, Long> label = new HashMap<>();
    for (int i = 0; i < 1500; i++) {
      long one = random.nextLong(2000) << 40;
      long two = random.nextLong(2000) << 40;
      components.join(one, two);
      long a = label.computeIfAbsent(one, id -> id);
      long b = label.computeIfAbsent(two, id -> id);
      merge(label, a, b);
    }
    TreeSet<Long> expected = new TreeSet<>();
    label.forEach(
        (id, least) -> {
          if (!id.equals(least)) {
            expected.add(id);
          }
        });
    assertThat(components.others()).containsExactly(expected.toArray(Long[]::new)).isNotEmpty();
    assertThat(components.size()).isEqualTo(label.size());
  }

  private static void merge(Map<Long, Long> label, long a, long b) {
    long least = Math.min(a, b);
    long most = Math.max(a, b);
    if (least != most) {
      label.replaceAll((id, of) -> of == most ? least : of);
    }
  }

  @Test
  void componentsAreBounded() {
    Components components = new Components(4);
    assertThat(components.join(1, 2)).isTrue();
    assertThat(components.join(2, 3)).isTrue();
    assertThat(components.join(3, 4)).isFalse();
    assertThat(components.others()).containsExactly(2, 3);
    assertThat(new Components(10).others()).isEmpty();
  }

  @Test
  void aLongChainIsOneComponent() {
    Components components = new Components(1_000_000);
    for (long id = 200_000; id > 0; id--) {
      components.join(id, id - 1);
    }
    assertThat(components.others()).hasSize(200_000).startsWith(1).endsWith(200_000);
  }

  @Test
  void contaminationIsASharedNGram() {
    EvaluationGrams.Collector english = new EvaluationGrams.Collector(4);
    english.add("What is the capital of France?");
    english.add("too short");
    EvaluationGrams.Collector chinese = new EvaluationGrams.Collector(4);
    chinese.add("法国的首都是哪里？");
    EvaluationGrams grams = EvaluationGrams.of(4, List.of(english, chinese));
    assertThat(grams.contaminatedBy("He asked: WHAT is the, capital?")).hasValue(0);
    assertThat(grams.contaminatedBy("请问法国的首都在哪")).hasValue(1);
    assertThat(grams.contaminatedBy("what is the city")).isEmpty();
    assertThat(grams.contaminatedBy("too short")).isEmpty();
    assertThat(grams.contaminatedBy("")).isEmpty();
    assertThat(english.texts()).isEqualTo(2);
    assertThat(english.shortTexts()).isEqualTo(1);
    assertThat(english.size()).isEqualTo(3);
  }
}
