package dev.anneal.jobs.tokenize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.data.ShardManifest;
import dev.anneal.data.config.DecontaminateConfig;
import dev.anneal.data.config.DedupConfig;
import dev.anneal.data.config.FilterConfig;
import dev.anneal.data.config.InputConfig;
import dev.anneal.data.config.TokenizeConfig;
import dev.anneal.jobs.config.AnnealConfig;
import dev.anneal.jobs.corpus.Corpus;
import dev.anneal.jobs.corpus.CorpusSplit;
import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.tokenize.choose.Decisions;
import dev.anneal.jobs.tokenize.choose.SplitDecisions;
import dev.anneal.jobs.tokenize.choose.StepsPlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;

class TokenizeStepsTest extends TokenizeTest {
  private static final DedupConfig ALL_DEDUP = new DedupConfig(true, true, 0.8, 5, 0, 0);
  private static final String LONG =
      "a document of some length that says one thing after the other until it has said them all";

  private static FilterConfig filters(String... settings) {
    return AnnealConfig.of(settings).tokenize().filters();
  }

  private JsonNode report() throws IOException {
    return new ObjectMapper().readTree(output.resolve("_anneal/report.json").toFile());
  }

  private static String lines(String... texts) {
    StringBuilder lines = new StringBuilder();
    for (String text : texts) {
      lines.append(new ObjectMapper().createObjectNode().put("text", text)).append('\n');
    }
    return lines.toString();
  }

  @Test
  void filtersLeaveRowsOutAndSayWhy() throws IOException {
    Path file = write("a b.jsonl", lines("one two three", "one", "你好世界吗", "", "four five six"));
    TestCorpus settings = new TestCorpus(output).input(corpus);
    settings.filters = filters("tokenize.filters.length.min_words=3");
    run(settings);
    assertThat(rows()).isEqualTo(blocks(List.of("one two three", "你好世界吗", "four five six"), 16));
    JsonNode source = report().get("source_rows");
    assertThat(source.get("read").asLong()).isEqualTo(5);
    assertThat(source.get("tokenized").asLong()).isEqualTo(3);
    assertThat(source.get("dropped").get("length.min_words").asLong()).isEqualTo(2);
    assertThat(Files.readAllLines(output.resolve("_anneal/dropped.jsonl")))
        .containsExactly(
            "{\"reason\":\"length.min_words\",\"file\":\"%s\",\"line\":2,\"start\":\"one\"}"
                .formatted(file),
            "{\"reason\":\"length.min_words\",\"file\":\"%s\",\"line\":4,\"start\":\"\"}"
                .formatted(file));
    assertThat(output.resolve("_anneal/report.html"))
        .content()
        .contains("left out: length.min_words");
    settings.filters = filters("tokenize.filters.length.min_words=4");
    assertRefused(settings, "filters.length [minChars=0, maxChars=0, minWords=3,");
    settings.filters = filters("tokenize.filters.length.min_words=40");
    TestCorpus none = new TestCorpus(temp.resolve("none")).input(corpus);
    none.filters = settings.filters;
    assertThatThrownBy(() -> run(none))
        .isInstanceOf(ConfigException.class)
        .hasMessageEndingWith("(gives no tokens: 5 rows read, 5 dropped: length.min_words)");
  }

  @Test
  void tokenBoundsCountTheTextAlone() throws IOException {
    write("a.jsonl", lines("Hello", "Hello world, this is a longer one"));
    TestCorpus settings = new TestCorpus(output).input(corpus);
    settings.filters = filters("tokenize.filters.length.min_tokens=8");
    run(settings);
    assertThat(rows()).isEqualTo(blocks(List.of("Hello world, this is a longer one"), 16));
    assertThat(report().at("/source_rows/dropped/length.min_tokens").asLong()).isEqualTo(1);
  }

  @Test
  void duplicatesAreFoundOverAllInputsAndKeptInEveryPass() throws IOException {
    Path one = write("one/1.jsonl", lines("first", LONG, "first ", "second"));
    Path two = write("two/2.txt", LONG.toUpperCase());
    Path three = write("two/3.txt", "third");
    for (String master : List.of("local[2]", "local[1]", "local[5]")) {
      stopSpark();
      JavaSparkContext spark = start(master);
      try {
        TestCorpus settings = new TestCorpus(temp.resolve(master));
        settings.input(one.getParent(), InputConfig.Format.AUTO, 2, Map.of());
        settings.input(two.getParent());
        settings.dedup = ALL_DEDUP;
        output = settings.output;
        new TokenizePipeline(spark, settings.config()).run();
        List<String> kept = List.of("first", LONG, "second", "first", LONG, "second", "third");
        assertThat(rows()).isEqualTo(blocks(kept, 16));
        JsonNode inputs = report().get("inputs");
        assertThat(inputs.at("/0/epochs").asDouble()).isEqualTo(2);
        assertThat(report().at("/near_duplicates/bands").asInt()).isEqualTo(26);
        assertThat(inputs.at("/0/dropped/exact_duplicate").asLong()).isEqualTo(2);
        assertThat(inputs.at("/1/dropped/near_duplicate").asLong()).isEqualTo(1);
      } finally {
        spark.stop();
      }
    }
    startSpark();
    assertThat(three).exists();
  }

  @Test
  void decontaminationNamesTheSet() throws IOException {
    Path exam = temp.resolve("考试 set.jsonl");
    Files.writeString(
        exam, "{\"q\": {\"question\": \"what is the capital of France\"}, \"n\": 3}\n\n");
    write("a.jsonl", lines("He asked what is the capital of Spain", "something else"));
    TestCorpus settings = new TestCorpus(output).input(corpus);
    settings.decontaminate = new DecontaminateConfig(List.of(exam.toString()), 4);
    run(settings);
    assertThat(rows()).isEqualTo(blocks(List.of("something else"), 16));
    assertThat(report().get("source_rows").get("dropped").get("contaminated: " + exam).asLong())
        .isEqualTo(1);
    assertThat(run(settings).upToDate()).isTrue();
    Files.writeString(exam, "{\"question\": \"who wrote this long book about trees\"}\n");
    assertRefused(settings, "decontaminate.files ");

    TestCorpus other = new TestCorpus(temp.resolve("other")).input(corpus);
    other.decontaminate = new DecontaminateConfig(List.of(exam.toString()), 13);
    assertThatThrownBy(() -> run(other))
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            "Invalid tokenize.decontaminate.paths[0]: %s (no text in it has 13 words, as"
                    .formatted(exam)
                + " tokenize.decontaminate.ngram asks)");
    other.decontaminate = new DecontaminateConfig(List.of(temp.resolve("none").toString()), 13);
    assertThatThrownBy(() -> run(other))
        .hasMessageStartingWith("Cannot find tokenize.decontaminate.paths[0]: ");
    Files.writeString(exam, "no json\n");
    other.decontaminate = new DecontaminateConfig(List.of(exam.toString()), 13);
    assertThatThrownBy(() -> run(other))
        .hasMessageStartingWith("Cannot read " + exam + " line 1: ");
  }

  @Test
  void badRowsAreForTheQuarantineNotForTheSteps() throws IOException {
    write("a.jsonl", lines("one two three", "one two  three") + "{\"text\": 3}\n");
    TestCorpus settings = new TestCorpus(output).input(corpus);
    settings.dedup = ALL_DEDUP;
    settings.maxBadRatio = 0.5;
    TokenizeOutcome outcome = run(settings);
    assertThat(outcome.badRows()).isEqualTo(1);
    assertThat(report().at("/source_rows/dropped/exact_duplicate").asLong()).isEqualTo(1);
  }

  @Test
  void conversationsAreComparedByTheirMessages() throws IOException {
    String chat =
        "{\"messages\": [{\"role\": \"user\", \"content\": \"你好%s\"},"
            + " {\"role\": \"assistant\", \"content\": \"Hello\"}]}\n";
    write("a.jsonl", chat.formatted("") + chat.formatted(" ") + chat.formatted("吗"));
    TestCorpus settings = new TestCorpus(output).input(corpus);
    settings.stage = TokenizeConfig.Stage.SFT;
    settings.chatTemplate = "chatml";
    settings.blockSize = 64;
    settings.dedup = new DedupConfig(true, false, 0.8, 5, 0, 0);
    ShardManifest manifest = run(settings).manifest();
    assertThat(manifest.counts().rows()).isEqualTo(2);
  }

  @Test
  void decisionsThatAreWholeAreTakenAsTheyAre() throws IOException {
    write("a.jsonl", lines("one two three", "one two  three", "four"));
    TestCorpus settings = new TestCorpus(output).input(corpus);
    settings.dedup = ALL_DEDUP;
    TokenizeConfig config = settings.config();
    HadoopFileStore store = new HadoopFileStore(spark().hadoopConfiguration());
    List<CorpusSplit> splits = Corpus.list(config, spark()).splits();
    String base = temp.resolve("a base").toString();
    Decisions decisions = new Decisions(spark(), store, config);
    StepsPlan plan = decisions.plan(splits, "", base);
    Path file = Path.of(SplitDecisions.path(plan.decisions(), 0));
    byte[] decided = Files.readAllBytes(file);
    assertThat(SplitDecisions.read(store, plan.decisions(), 0).reason(0, 2))
        .contains("exact_duplicate");
    Files.delete(file);
    assertThat(decisions.plan(splits, "", base)).isEqualTo(plan);
    assertThat(file).doesNotExist();
    Files.delete(file.resolveSibling("whole"));
    decisions.plan(splits, "", base);
    assertThat(file).hasBinaryContent(decided);
  }
}
