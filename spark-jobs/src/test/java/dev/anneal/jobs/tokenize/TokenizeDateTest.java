package dev.anneal.jobs.tokenize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.data.ShardManifest;
import dev.anneal.core.data.ShardOptions;
import dev.anneal.core.data.ShardSet;
import dev.anneal.data.config.SplitConfig;
import dev.anneal.data.config.TokenizeConfig;
import dev.anneal.data.tokenize.Tokenizer;
import dev.anneal.data.tokenize.TokenizerFolder;
import dev.anneal.data.tokenize.engines.Tokenizers;
import dev.anneal.jobs.corpus.Corpus;
import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.tokenize.choose.Decisions;
import dev.anneal.jobs.tokenize.choose.StepsKey;
import dev.anneal.jobs.tokenize.encode.EncoderPlan;
import dev.anneal.jobs.tokenize.output.OutputFolder;
import dev.anneal.jobs.tokenize.output.OutputSet;
import dev.anneal.jobs.tokenize.staging.StagingFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One date in all rows of a run whose chat template tells one. */
class TokenizeDateTest extends LocalSparkTest {
  private static final String OLD = "2001-02-03T04:05:06+02:00";

  @TempDir Path temp;
  private Path rows;
  private Path template;

  @BeforeEach
  void writeRows() throws IOException {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < 400; i++) {
      lines.append("{\"messages\": [{\"role\": \"user\", \"content\": \"").append(i);
      lines.append("\"}, {\"role\": \"assistant\", \"content\": \"yes\"}]}\n");
    }
    rows = Files.writeString(temp.resolve("rows.jsonl"), lines);
    template =
        Files.writeString(
            temp.resolve("dated.jinja"),
            "{{ strftime_now('%Y-%m-%d %H:%M:%S') }}"
                + "{% for m in messages %}<|im_start|>{{ m.role }}\n"
                + "{{ m.content }}<|im_end|>{% endfor %}");
  }

  private TestCorpus settings(String output) {
    TestCorpus settings = new TestCorpus(temp.resolve(output)).input(rows);
    settings.stage = TokenizeConfig.Stage.SFT;
    settings.chatTemplate = template.toString();
    settings.blockSize = 512;
    return settings;
  }

  private static ShardManifest run(TestCorpus settings) throws IOException {
    return new TokenizePipeline(spark(), settings.config()).run().manifest();
  }

  private static String date(ShardManifest manifest) {
    return manifest.origin().options().get(CorpusOrigin.DATE);
  }

  /** What all rows of a folder begin with. */
  private static Set<String> told(Path folder) {
    Set<String> told = new HashSet<>();
    try (Tokenizer tokenizer = Tokenizers.open(TokenizerFolder.open(TestCorpus.TOKENIZER));
        ShardSet set = ShardSet.open(List.of(folder), ShardOptions.of(1 << 20))) {
      for (long i = 0; i < set.rowCount(); i++) {
        told.add(tokenizer.decode(set.row(i).inputIds()).substring(0, 19));
      }
    }
    return told;
  }

  @Test
  void aSetDateMakesTheSameBytesAgainAndStandsInTheManifest() throws IOException {
    TestCorpus first = settings("one");
    first.date = OLD;
    TestCorpus second = settings("two");
    second.date = OLD;
    ShardManifest made = run(first);
    assertThat(date(made)).isEqualTo(OLD);
    assertThat(told(first.output)).containsExactly("2001-02-03 04:05:06");
    assertThat(run(second).files()).isEqualTo(made.files());
  }

  @Test
  void theSameCommandFindsItsWorkDoneWhateverTheDay() throws IOException {
    TestCorpus settings = settings("done");
    settings.date = OLD;
    run(settings);
    settings.date = "";
    assertThat(new TokenizePipeline(spark(), settings.config()).run().upToDate()).isTrue();
    settings.date = "2026-07-31";
    assertThatThrownBy(() -> run(settings))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("date " + OLD + " (now 2026-07-31T00:00Z)");
  }

  @Test
  void withoutASettingAllRowsTellTheTimeAtWhichTheRunBegan() throws IOException {
    OffsetDateTime before = OffsetDateTime.now().minusSeconds(1);
    TestCorpus settings = settings("now");
    OffsetDateTime date = OffsetDateTime.parse(date(run(settings)));
    assertThat(date).isBetween(before, OffsetDateTime.now());
    assertThat(told(settings.output)).hasSize(1);
  }

  @Test
  void aRunThatGoesOnTellsTheDateOfTheOneBefore() throws IOException {
    TestCorpus settings = settings("resumed");
    TokenizeConfig config = settings.config();
    HadoopFileStore store = new HadoopFileStore(spark().hadoopConfiguration());
    OutputFolder output = new OutputFolder(store, config.output());
    TokenizerFolder folder = TokenizerFolder.open(TestCorpus.TOKENIZER);
    StagingFolder staging;
    try (Tokenizer tokenizer = Tokenizers.open(folder)) {
      EncoderPlan plan = EncoderPlan.of(config, folder, tokenizer).withDate(OLD);
      Map<String, String> steps = StepsKey.of(config, OutputSet.ALL, spark(), store);
      staging =
          StagingFolder.of(
              store,
              output.own(""),
              new CorpusOrigin(Corpus.list(config, spark()), config, steps).by(plan),
              Decisions.compareSplits(config));
      new RunDates(store, output, "").keep(staging.path(), plan);
    }
    assertThat(date(run(settings))).isEqualTo(OLD);
    assertThat(told(settings.output)).containsExactly("2001-02-03 04:05:06");
  }

  @Test
  void setsOfOneCorpusTellOneDate() throws IOException {
    TestCorpus settings = settings("sets");
    settings.split = new SplitConfig(0.2, 0);
    Map<String, TokenizeOutcome> sets = new OutputSets(spark(), settings.config()).run();
    Set<String> dates = new HashSet<>();
    sets.values().forEach(outcome -> dates.add(date(outcome.manifest())));
    assertThat(sets).hasSize(2);
    assertThat(dates).hasSize(1);
  }

  @Test
  void aTemplateWithoutADateKeepsItsKey() throws IOException {
    TestCorpus settings = settings("undated");
    settings.chatTemplate = "chatml";
    assertThat(run(settings).origin().options()).doesNotContainKey(CorpusOrigin.DATE);
  }

  @Test
  void refusesWhatIsNoDate() {
    TestCorpus settings = settings("wrong");
    settings.date = "yesterday";
    assertThatThrownBy(settings::config)
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            "Invalid tokenize.date: yesterday (must be like 2026-07-31, 2026-07-31T09:30:00 or"
                + " 2026-07-31T09:30:00+02:00)");
  }
}
