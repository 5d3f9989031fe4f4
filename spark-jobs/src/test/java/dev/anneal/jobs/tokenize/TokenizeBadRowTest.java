package dev.anneal.jobs.tokenize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.anneal.core.data.InvalidRowException;
import dev.anneal.core.data.ShardManifest;
import dev.anneal.jobs.corpus.Corpus;
import dev.anneal.jobs.corpus.CorpusSplit;
import dev.anneal.jobs.corpus.FileSlice;
import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.tokenize.map.FirstBadRow;
import dev.anneal.jobs.tokenize.staging.StagedSplit;
import dev.anneal.jobs.tokenize.tally.SplitCounts;
import dev.anneal.jobs.tokenize.tally.SplitStats;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.Success$;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.junit.jupiter.api.Test;

/** What a bad row costs: not the rest of the corpus, and not what is staged of it. */
class TokenizeBadRowTest extends TokenizeTest {
  private static final String ROW =
      "{\"text\": \"" + "some more words of a document 文本 ".repeat(20) + "\"}\n";

  private static final int SPLITS = 6; // two of each large file, the small one in the last

  @Test
  void sparesTheRestOfTheCorpus() throws Exception {
    write("big.jsonl", "oops\n" + ROW.repeat(60_000)); // 12 splits of 4 MiB
    AtomicInteger ended = new AtomicInteger();
    SparkListener listener =
        new SparkListener() {
          @Override
          public void onTaskEnd(SparkListenerTaskEnd end) {
            ended.addAndGet(end.reason() == Success$.MODULE$ ? 1 : 0);
          }
        };
    spark().sc().addSparkListener(listener);
    try {
      assertThatThrownBy(() -> run(new TestCorpus(output).input(corpus)))
          .isInstanceOf(InvalidRowException.class)
          .hasMessageContaining("big.jsonl line 1: bad JSON: ");
      spark().sc().listenerBus().waitUntilEmpty();
    } finally {
      spark().sc().removeSparkListener(listener);
    }
    assertThat(ended).hasValueBetween(1, 4);
    assertThat(Files.readAllLines(output.resolve("_anneal/quarantine/input-0.jsonl"))).hasSize(1);
  }

  @Test
  void numbersARowAfterRowsThatNoTaskHasPassed() throws IOException {
    Path big = write("big.jsonl", ROW.repeat(30_000) + "oops\n" + ROW);
    TestCorpus settings = new TestCorpus(output).input(corpus);
    List<CorpusSplit> splits = Corpus.list(settings.config(), spark()).splits();
    CorpusSplit last = splits.get(splits.size() - 1);
    assertThat(splits).hasSizeGreaterThan(2);
    StagedSplit bad = staged(last.index(), 1);
    StagedSplit one = staged(1, 0);
    FirstBadRow.Found found =
        new FirstBadRow(spark(), new HadoopFileStore(spark().hadoopConfiguration()))
            .among(splits, Map.of(1, one, last.index(), bad));
    assertThat(found.splits()).hasSameSizeAs(splits);
    long before = 0;
    for (StagedSplit split : found.staged().subList(0, found.staged().size() - 1)) {
      before += split.sliceRows()[0];
    }
    long start = last.slices().get(0).start();
    byte[] head = Arrays.copyOf(Files.readAllBytes(big), (int) start - 1);
    long lines = new String(head, StandardCharsets.UTF_8).lines().count();
    long ofSecond = rowsStartingIn(big, splits.get(1).slices().get(0));
    assertThat(before).isEqualTo(lines - ofSecond + 7); // what the staged split said of itself
  }

  private static long rowsStartingIn(Path file, FileSlice slice) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    long rows = 0;
    for (long at = slice.start(); at < slice.end(); at++) {
      rows += at == 0 || bytes[(int) at - 1] == '\n' ? 1 : 0;
    }
    return rows;
  }

  private static StagedSplit staged(int index, long bad) {
    SplitCounts counts = new SplitCounts(1, 1, 0, 0, bad, Map.of(), Map.of());
    return new StagedSplit(
        index, "", counts, new int[0], new long[] {7}, SplitStats.zero(), List.of(), false);
  }

  @Test
  void goesOnWithAHigherRatio() throws IOException {
    TestCorpus settings = badAtTheEnd();
    settings.maxBadRatio = 0.5;
    TokenizeOutcome outcome = run(settings);
    assertThat(outcome.badRows()).isEqualTo(1);
    assertThat(reused()).isEqualTo(SPLITS);
    assertThat(outcome.manifest()).isEqualTo(fresh(settings));
    assertThat(output.resolve("_anneal/quarantine/input-0.jsonl")).exists();
  }

  @Test
  void goesOnAfterTheRatioWasTooLow() throws IOException {
    TestCorpus settings = badAtTheEnd();
    settings.maxBadRatio = 0.001;
    assertThatThrownBy(() -> run(settings)).hasMessageContaining("(1 of 41 rows; ");
    settings.maxBadRatio = 0;
    assertThatThrownBy(() -> run(settings)).hasMessageContaining("z.jsonl line 2: bad JSON");
    settings.maxBadRatio = 0.5;
    assertThat(run(settings).badRows()).isEqualTo(1);
    assertThat(reused()).isEqualTo(SPLITS);
  }

  @Test
  void goesOnWithAMendedFile() throws IOException {
    TestCorpus settings = badAtTheEnd();
    write("a2.jsonl", "{\"text\": \"a file more, in front of others\"}\n" + "\n".repeat(4 << 20));
    write("z.jsonl", "{\"text\": \"one\"}\n{\"text\": \"mended\"}\n");
    ShardManifest made = run(settings).manifest();
    assertThat(reused()).isEqualTo(SPLITS - 1);
    assertThat(made).isEqualTo(fresh(settings));
  }

  /** Splits of sound files, staged, and a bad row in the last one. */
  private TestCorpus badAtTheEnd() throws IOException {
    for (String name : List.of("a", "b", "c")) {
      write(name + ".jsonl", ROW.repeat(13) + "\n".repeat(4 << 20));
    }
    write("z.jsonl", "{\"text\": \"one\"}\noops\n");
    TestCorpus settings = new TestCorpus(output).input(corpus);
    settings.maxBadRatio = 0.0001;
    assertThatThrownBy(() -> run(settings))
        .isInstanceOf(InvalidRowException.class)
        .hasMessageContaining("z.jsonl line 2: bad JSON");
    settings.maxBadRatio = 0;
    return settings;
  }

  private ShardManifest fresh(TestCorpus settings) throws IOException {
    TestCorpus fresh = new TestCorpus(temp.resolve("fresh"));
    fresh.inputs.addAll(settings.inputs);
    fresh.maxBadRatio = settings.maxBadRatio;
    return run(fresh).manifest();
  }

  private int reused() throws IOException {
    return new ObjectMapper()
        .readTree(output.resolve("_anneal/report.json").toFile())
        .path("speed")
        .path("splits_of_an_earlier_run")
        .asInt();
  }
}
