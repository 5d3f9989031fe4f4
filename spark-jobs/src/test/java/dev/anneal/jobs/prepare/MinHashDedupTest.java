package dev.anneal.jobs.prepare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.config.ConfigException;
import dev.anneal.data.config.DedupConfig;
import dev.anneal.data.dedup.Jaccard;
import dev.anneal.data.text.NGrams;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;

class MinHashDedupTest extends PrepareTest {
  private static Set<Long> dropped(MinHashDedup dedup, Dataset<Row> rows) {
    Set<Long> ids = new TreeSet<>();
    Dataset<Row> found = dedup.duplicates(rows, "text", "id");
    found.collectAsList().forEach(row -> assertThat(ids.add(row.getLong(0))).isTrue());
    found.unpersist();
    return ids;
  }

  @Test
  void findsPlantedPairsOverTheWholeRangeOfJaccard() {
    PlantedPairs planted = new PlantedPairs(5);
    for (int bin = 0; bin < 14; bin++) {
      for (int i = 0; i < 50; i++) {
        planted.add(0.3 + 0.05 * bin + 0.001 * i, i % 5 == 0);
      }
    }
    List<String> texts = planted.texts();
    double threshold = 0.7;
    Set<Long> dropped = dropped(MinHashDedup.of(threshold, 5), rows(texts));
    int truth = 0;
    int found = 0;
    for (int i = 0; i < texts.size(); i += 2) {
      double jaccard = Jaccard.of(NGrams.set(texts.get(i), 5), NGrams.set(texts.get(i + 1), 5));
      assertThat(dropped).doesNotContain((long) i);
      if (jaccard < threshold) {
        assertThat(dropped).as("verified: %s", jaccard).doesNotContain(i + 1L);
        continue;
      }
      truth++;
      found += dropped.contains(i + 1L) ? 1 : 0;
      if (jaccard > threshold + 0.05) {
        assertThat(dropped).as("surely compared: %s", jaccard).contains(i + 1L);
      }
    }
    assertThat(truth).isGreaterThan(250);
    assertThat((double) found / truth).isGreaterThanOrEqualTo(0.98);
  }

  @Test
  void keepsTheFirstOfAChainWhateverThePartitions() {
    // Each is near to the next one only.
    SplittableRandom random = new SplittableRandom(9);
    List<String> words = new ArrayList<>();
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      words.add("w" + random.nextInt(1_000_000));
    }
    for (int i = 0; i < 20; i++) {
      texts.add(String.join(" ", words));
      words.subList(0, 4).clear();
      for (int k = 0; k < 4; k++) {
        words.add("w" + random.nextInt(1_000_000));
      }
    }
    texts.add("something else that stands alone among all these documents");
    MinHashDedup dedup = MinHashDedup.of(0.8, 5);
    Set<Long> expected = new TreeSet<>();
    for (long id = 1; id < 20; id++) {
      expected.add(id);
    }
    for (int partitions : new int[] {1, 5}) {
      assertThat(dropped(dedup, rows(texts).repartition(partitions))).isEqualTo(expected);
    }
    List<Row> kept = dedup.drop(rows(texts), "text", "id").collectAsList();
    assertThat(kept).extracting(row -> row.<Long>getAs("id")).containsExactlyInAnyOrder(0L, 20L);
  }

  @Test
  void manyCopiesAndLargeBucketsCostLittle() {
    // 3000 equal texts but for their case, 600 that differ in one word, all of one cluster.
    String text =
        "the quick brown fox jumps over the lazy dog and runs away from the old bear ".repeat(1);
    String long1 =
        text
            + text.replace("fox", "cat")
            + text.replace("dog", "cow")
            + text.replace("bear", "man");
    List<String> texts = new ArrayList<>(Collections.nCopies(3000, long1));
    for (int i = 0; i < 600; i++) {
      texts.add(long1 + " number" + i);
    }
    assertThat(dropped(MinHashDedup.of(0.8, 5), rows(texts))).hasSize(3599).doesNotContain(0L);
  }

  @Test
  void emptyAndShortTextsAreComparedAsAWholeOrNotAtAll() {
    List<String> texts = new ArrayList<>(List.of("", " ", "!?", "one two", "One, two!", "two one"));
    texts.add(null);
    texts.add(null);
    MinHashDedup dedup = MinHashDedup.of(0.5, 5);
    assertThat(dropped(dedup, rows(texts))).containsExactly(4L);
    assertThat(dropped(dedup, rows(List.of()))).isEmpty();
    assertThat(dropped(dedup, rows(List.of("one")))).isEmpty();
  }

  @Test
  void settingsAreChecked() {
    assertThatThrownBy(() -> MinHashDedup.of(1.5, 5))
        .isInstanceOf(ConfigException.class)
        .hasMessage("Invalid tokenize.dedup.threshold: 1.5 (must be in (0, 1])");
    assertThat(MinHashDedup.of(new DedupConfig(false, true, 0.7, 5, 20, 5)).bands().hashes())
        .isEqualTo(100);
  }
}
