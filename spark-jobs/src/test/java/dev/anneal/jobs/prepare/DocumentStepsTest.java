package dev.anneal.jobs.prepare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.config.ConfigException;
import dev.anneal.data.config.TokenizeConfig;
import dev.anneal.data.dedup.EvaluationGrams;
import dev.anneal.jobs.config.AnnealConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;

class DocumentStepsTest extends PrepareTest {
  private static final String LONG =
      "a document of some length that says one thing after the other until it has said them all";

  private static Map<Long, String> drops(List<String> texts, String... settings) {
    TokenizeConfig config = AnnealConfig.of(settings).tokenize();
    EvaluationGrams.Collector set = new EvaluationGrams.Collector(4);
    set.add("what is the capital of France");
    EvaluationSets sets =
        new EvaluationSets(List.of("exam one"), EvaluationGrams.of(4, List.of(set)));
    Map<Long, String> drops = new TreeMap<>();
    try (DocumentSteps steps = new DocumentSteps(config.filters(), config.dedup(), sets)) {
      for (Row row : steps.drops(rows(texts)).collectAsList()) {
        assertThat(drops.put(row.getLong(0), row.getString(1))).isNull();
      }
    }
    return drops;
  }

  @Test
  void eachDocumentIsDroppedOnceByTheFirstStepThatApplies() {
    List<String> texts =
        List.of(
            "ab",
            LONG,
            "ab",
            LONG + " \n",
            LONG.toUpperCase(),
            "He asked what is the capital of Spain",
            "He asked what is the capital of Spain",
            "what is the capital");
    String[] all = {
      "tokenize.filters.length.min_chars=5",
      "tokenize.dedup.exact=true",
      "tokenize.dedup.minhash=true"
    };
    assertThat(drops(texts, all))
        .isEqualTo(
            Map.of(
                0L, "length.min_chars",
                2L, "length.min_chars",
                3L, "exact_duplicate",
                4L, "near_duplicate",
                5L, "contaminated: exam one",
                6L, "exact_duplicate",
                7L, "contaminated: exam one"));
    assertThat(drops(texts)).containsOnlyKeys(5L, 6L, 7L);
    assertThat(drops(List.of(), all)).isEmpty();
  }

  @Test
  void exactDuplicatesKeepTheFirstAndEveryEmptyText() {
    List<String> texts = new ArrayList<>(List.of("b", "你好 世界", " ", "b ", "", "你好\u3000世界\n"));
    texts.add(null);
    texts.add(null);
    List<Row> kept = ExactDedup.drop(rows(texts).repartition(3), "text", "id").collectAsList();
    assertThat(kept)
        .extracting(row -> row.<Long>getAs("id"))
        .containsExactlyInAnyOrder(0L, 1L, 2L, 4L, 6L, 7L);
  }

  @Test
  void filtersMarkTheRuleAndKeepTheRest() {
    DocumentFilters filters =
        DocumentFilters.ofSettings("length.min_words = 2, script.names = [Han]");
    List<String> texts = new ArrayList<>(List.of("one", "你好世界", "two words"));
    texts.add(null);
    List<Row> marked = filters.mark(rows(texts), "text").orderBy("id").collectAsList();
    assertThat(marked)
        .extracting(row -> row.<String>getAs(DocumentFilters.REASON))
        .containsExactly("length.min_words", null, "script.min_share", null);
    Dataset<Row> kept = filters.keep(rows(texts), "text");
    assertThat(kept.columns()).containsExactly("id", "text");
    assertThat(kept.count()).isEqualTo(2);
    assertThatThrownBy(() -> DocumentFilters.ofSettings("length.min_word = 2"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("length.min_words");
  }

  @Test
  void contaminationNamesTheSet() {
    Decontamination sets =
        new Decontamination(3)
            .add("one", rows(List.of("a b c d")), "text")
            .add("二", rows(List.of("天气很好", "a b c")), "text");
    List<Row> marked =
        sets.mark(rows(List.of("x a b c", "今天天气很冷", "a b d")), "text")
            .orderBy("id")
            .collectAsList();
    assertThat(marked)
        .extracting(row -> row.<String>getAs(Decontamination.SET))
        .containsExactly("one", "二", null);
    assertThat(sets.keep(rows(List.of("b c d", "d c b")), "text").count()).isEqualTo(1);
  }

  @Test
  void splitsAndOrdersDependOnContentAlone() {
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < 600; i++) {
      texts.add("document " + i);
    }
    Map<String, Long> sizes = new TreeMap<>();
    Dataset<Row> marked = SplitByContent.mark(rows(texts), "text", 0.1, 0.05);
    marked
        .groupBy(SplitByContent.SPLIT)
        .count()
        .collectAsList()
        .forEach(row -> sizes.put(row.getString(0), row.getLong(1)));
    assertThat(sizes.get("validation")).isBetween(35L, 90L);
    assertThat(sizes.get("test")).isBetween(12L, 55L);
    Dataset<Row> grown = SplitByContent.mark(rows(texts), "text", 0.2, 0.05);
    assertThat(
            marked
                .filter("split = 'validation'")
                .except(grown.filter("split = 'validation'"))
                .count())
        .isZero();

    List<Row> one = GlobalShuffle.rows(rows(texts).repartition(7), 1).collectAsList();
    assertThat(GlobalShuffle.rows(rows(texts), 1).collectAsList()).isEqualTo(one);
    assertThat(GlobalShuffle.rows(rows(texts), 2).collectAsList())
        .isNotEqualTo(one)
        .containsExactlyInAnyOrderElementsOf(one);
  }
}
