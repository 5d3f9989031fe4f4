package dev.anneal.jobs.tokenize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.ZstdOutputStream;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.InputConfig;
import dev.anneal.core.config.TokenizeConfig;
import dev.anneal.core.data.InvalidRowException;
import dev.anneal.core.data.ShardManifest;
import dev.anneal.core.data.ShardOptions;
import dev.anneal.core.data.ShardSet;
import dev.anneal.data.tokenize.NativeTokenizer;
import dev.anneal.data.tokenize.Tokenizer;
import dev.anneal.data.tokenize.TokenizerFolder;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizePipelineTest extends LocalSparkTest {
  private static final ShardOptions CHECKED = ShardOptions.of(1 << 20).withChecksums();

  @TempDir Path temp;
  private Path corpus;
  private Path output;

  @BeforeEach
  void makeCorpus() throws IOException {
    corpus = Files.createDirectories(temp.resolve("语料 with spaces"));
    output = temp.resolve("out put");
  }

  @Test
  void cutsTheCorpusAsInOnePiece() throws IOException {
    write("b/2.jsonl", "{\"text\": \"第二个文件。\"}\n\n{\"text\": \"\"}\n{\"text\": null}\n");
    write("b.jsonl", "{\"text\": \"Hello world, this is one.\"}\n{\"text\": \"你好，世界\"}\r\n");
    write("a.txt", "A whole file\nis one document.\n");
    write("_hidden.jsonl", "not read");
    gzip("c.jsonl.gz", "{\"text\": \"compressed 压缩\"}\n");
    try (OutputStream out =
        new ZstdOutputStream(Files.newOutputStream(corpus.resolve("c.jsonl.zst")))) {
      out.write("{\"text\": \"zstd\"}\n".getBytes(StandardCharsets.UTF_8));
    }
    write("d.json", "[{\"text\": \"an array\"}, {\"text\": \"of two\"}]");
    List<String> documents =
        List.of(
            "A whole file\nis one document.\n",
            "Hello world, this is one.",
            "你好，世界",
            "第二个文件。",
            "compressed 压缩",
            "zstd",
            "an array",
            "of two");
    TokenizeOutcome outcome = run(new TestCorpus(output).input(corpus));
    assertThat(rows()).isEqualTo(blocks(documents, 16));
    assertThat(outcome.upToDate()).isFalse();
    assertThat(Files.readString(Path.of(outcome.reportPath())))
        .contains("\"empty\" : 2", "\"tokenized\" : 8", "\"files\" : 6");
    try (Stream<Path> left = Files.walk(output)) {
      assertThat(left.filter(Files::isRegularFile).map(path -> output.relativize(path).toString()))
          .containsExactlyInAnyOrder(
              "data-00000-of-00001.arrow",
              "state.json",
              "dataset_info.json",
              "_anneal/manifest.json",
              "_anneal/report.json");
    }
  }

  @Test
  void writesTheSameBytesOnAnyNumberOfSlots() throws IOException {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < 60_000; i++) {
      lines.append("{\"text\": \"document 文档 ").append(i * 7919L).append(" of many\"}\n");
    }
    write("big.jsonl", lines.toString());
    write("small.txt", "one more");
    TestCorpus first = new TestCorpus(output).input(corpus);
    first.blockSize = 64;
    ShardManifest two = run(first).manifest();
    assertThat(two.shards()).hasSizeGreaterThan(3);
    stopSpark();
    for (String master : List.of("local[1]", "local[5]")) {
      JavaSparkContext other = start(master);
      try {
        TestCorpus again = new TestCorpus(temp.resolve(master)).input(corpus);
        again.blockSize = 64;
        ShardManifest made = new TokenizePipeline(other, again.config()).run().manifest();
        assertThat(made).isEqualTo(two);
      } finally {
        other.stop();
      }
    }
    startSpark();
  }

  @Test
  void doesNothingWhenNothingChanged() throws IOException {
    Path file = write("a.jsonl", "{\"text\": \"one\"}\n");
    TestCorpus settings = new TestCorpus(output).input(corpus);
    ShardManifest first = run(settings).manifest();
    FileTime written = Files.getLastModifiedTime(output.resolve("data-00000-of-00001.arrow"));
    Files.writeString(output.resolve("result.json"), "{}");
    TokenizeOutcome again = run(settings);
    assertThat(again.upToDate()).isTrue();
    assertThat(again.manifest()).isEqualTo(first);
    assertThat(Files.getLastModifiedTime(output.resolve("data-00000-of-00001.arrow")))
        .isEqualTo(written);

    settings.blockSize = 8;
    assertRefused(settings, "holds shards that were made otherwise: block_size 16 (now 8)");
    settings.blockSize = 16;
    Files.writeString(file, "{\"text\": \"one more\"}\n");
    assertRefused(settings, "a.jsonl had 16 bytes (now 21)");
    write("a.jsonl", "{\"text\": \"one\"}\n");
    write("b.jsonl", "{\"text\": \"one\"}\n");
    assertRefused(settings, "new input " + corpus + ":b.jsonl");
    Files.delete(corpus.resolve("b.jsonl"));
    Files.setLastModifiedTime(file, FileTime.fromMillis(1_000_000));
    assertRefused(settings, "a.jsonl was modified since");
    Files.delete(output.resolve("data-00000-of-00001.arrow"));
    settings.inputs.clear();
    settings.input(write("other.jsonl", "{\"text\": \"x\"}"));
    assertRefused(settings, "is gone");
  }

  @Test
  void redoesAnInterruptedRunAndRefusesAForeignFolder() throws IOException {
    write("a.jsonl", "{\"text\": \"one\"}\n");
    TestCorpus settings = new TestCorpus(output).input(corpus);
    Files.createDirectories(output.resolve("_anneal/staging-x"));
    Files.writeString(output.resolve("_anneal/staging-x/split"), "rest");
    Files.writeString(output.resolve("data-00000-of-00007.arrow"), "rest");
    run(settings);
    assertThat(output.resolve("_anneal/staging-x")).doesNotExist();
    assertThat(output.resolve("data-00000-of-00007.arrow")).doesNotExist();
    assertThat(rows()).hasSize(1);

    Path foreign = Files.createDirectories(temp.resolve("foreign"));
    Files.writeString(foreign.resolve("thesis.doc"), "precious");
    TestCorpus other = new TestCorpus(foreign).input(corpus);
    assertRefused(other, "holds thesis.doc, which no tokenize job made");
    assertThat(foreign.resolve("thesis.doc")).hasContent("precious");
  }

  @Test
  void failsOnTheFirstBadRowAndNamesIt() throws IOException {
    write("a.jsonl", "{\"text\": \"one\"}\n");
    Path bad = write("b.jsonl", "{\"text\": \"two\"}\n\n{\"text\": 3}\n{\"text\"\n");
    TestCorpus settings = new TestCorpus(output).input(corpus);
    assertThatThrownBy(() -> run(settings))
        .isInstanceOf(InvalidRowException.class)
        .hasMessage(
            "Invalid row: "
                + bad
                + " line 3: field 'text' is a number (must be text)"
                + " (tokenize.max_bad_ratio = 0 allows none; a higher value sets bad rows aside in"
                + " _anneal/quarantine.jsonl)");
    assertThat(output.resolve(ShardManifest.PATH)).doesNotExist();
    settings.maxBadRatio = 0.1;
    assertThatThrownBy(() -> run(settings)).hasMessageContaining("(2 of 4 rows; ");
    settings.maxBadRatio = 0.5;
    TokenizeOutcome outcome = run(settings);
    assertThat(outcome.badRows()).isEqualTo(2);
    assertThat(rows()).isEqualTo(blocks(List.of("one", "two"), 16));
    assertThat(Files.readAllLines(output.resolve("_anneal/quarantine.jsonl")))
        .hasSize(2)
        .first()
        .isEqualTo(
            "{\"file\":\""
                + bad
                + "\",\"line\":3,\"reason\":\"field 'text' is a number (must be"
                + " text)\"}");
  }

  @Test
  void numbersLinesAcrossSplits() throws IOException {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < 100_000; i++) {
      lines.append(i == 99_998 ? "oops\n" : "{\"text\": \"" + "x".repeat(100) + "\"}\n");
    }
    write("long.jsonl", lines.toString());
    assertThatThrownBy(() -> run(new TestCorpus(output).input(corpus)))
        .hasMessageContaining("long.jsonl line 99999: bad JSON: ");
  }

  @Test
  void namesAnInputThatIsMissingOrEmpty() throws IOException {
    TestCorpus settings = new TestCorpus(output).input(temp.resolve("no such file.jsonl"));
    assertThatThrownBy(() -> run(settings))
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            "Cannot find tokenize.inputs[0].path: "
                + temp.resolve("no such file.jsonl")
                + " (no such file or folder)");
    settings.inputs.clear();
    settings.input(corpus);
    assertThatThrownBy(() -> run(settings)).hasMessageEndingWith("(holds no files)");
    Path empty = write("empty.jsonl", "\n");
    assertThatThrownBy(() -> run(settings))
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            "Invalid tokenize.inputs[0].path: " + corpus + " (gives no tokens: 0 rows read)");
    assertThat(empty).exists();
    write("strange.xyz", "?");
    assertThatThrownBy(() -> run(settings)).hasMessageContaining("cannot tell the format of");
    settings.inputs.clear();
    assertThatThrownBy(() -> run(settings)).hasMessageContaining("tokenize.inputs");
  }

  @Test
  void dropsTheTailWhenAsked() throws IOException {
    write("a.txt", "Hello world, this is one document of some more words than a block holds.");
    TestCorpus settings = new TestCorpus(output).input(corpus);
    settings.tail = TokenizeConfig.Tail.DROP;
    settings.attentionMask = true;
    run(settings);
    assertThat(rows()).isNotEmpty().allMatch(row -> row.size() == 16);
    TestCorpus large = new TestCorpus(temp.resolve("large")).input(corpus);
    large.tail = TokenizeConfig.Tail.DROP;
    large.blockSize = 4096;
    assertThatThrownBy(() -> run(large))
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            "Invalid tokenize.tail: drop (the corpus has 61 tokens, fewer than block_size 4096)");
  }

  @Test
  void takesInputsByWeightLinesAndColumns() throws IOException {
    Path lines = write("l.log", "一行\nanother line\n");
    Path rows = write("r.jsonl", "{\"body\": \"x\"}\n");
    TestCorpus settings =
        new TestCorpus(output)
            .input(lines, InputConfig.Format.LINES, 2, Map.of())
            .input(rows, InputConfig.Format.AUTO, 1, Map.of("text", "body"));
    run(settings);
    assertThat(rows())
        .isEqualTo(blocks(List.of("一行", "another line", "一行", "another line", "x"), 16));
  }

  @Test
  void readsParquetInTheOrderOfItsRows() throws IOException {
    Dataset<String> json =
        SparkSession.builder()
            .sparkContext(spark().sc())
            .getOrCreate()
            .createDataset(
                List.of(
                    "{\"text\": \"第一\", \"id\": 1, \"tags\": [\"x\", \"y\"], \"m\": {\"a\": 0.5}}",
                    "{\"text\": null, \"id\": 2}",
                    "{\"text\": \"third\", \"id\": 3, \"tags\": []}"),
                Encoders.STRING());
    json.sparkSession().read().json(json).coalesce(1).write().parquet(corpus + "/rows");
    run(new TestCorpus(output).input(corpus));
    assertThat(rows()).isEqualTo(blocks(List.of("第一", "third"), 16));
    Path file = write("broken.parquet", "PAR1 this is none");
    assertThatThrownBy(() -> run(new TestCorpus(temp.resolve("other")).input(file)))
        .hasStackTraceContaining("Cannot read " + file + ": ");
  }

  @Test
  void saysThatACompressedFileIsDamaged() throws IOException {
    gzip("c.jsonl.gz", "{\"text\": \"" + "compressed ".repeat(1000) + "\"}\n");
    Path file = corpus.resolve("c.jsonl.gz");
    byte[] whole = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(whole, whole.length / 2));
    assertThatThrownBy(() -> run(new TestCorpus(output).input(corpus)))
        .hasStackTraceContaining("Cannot read " + file + ": ");
    assertThat(output.resolve("_anneal")).isEmptyDirectory();
  }

  @Test
  void namesTheKeyOfAMissingEosToken() throws IOException {
    write("a.jsonl", "{\"text\": \"one\"}\n");
    TestCorpus settings = new TestCorpus(output).input(corpus);
    settings.eosToken = "<no such token>";
    assertThatThrownBy(() -> run(settings))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("Invalid tokenize.eos_token: <no such token> (no token of ");
    settings.eosToken = "";
    settings.tokenizer = temp.resolve("tok").toString();
    assertThatThrownBy(() -> run(settings)).hasMessageContaining("no such folder");
    Files.createDirectories(temp.resolve("tok"));
    assertThatThrownBy(() -> run(settings)).hasMessageContaining("holds no tokenizer.json");
    Files.copy(TestCorpus.TOKENIZER.resolve("tokenizer.json"), temp.resolve("tok/tokenizer.json"));
    assertThatThrownBy(() -> run(settings))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("tokenize.eos_token");
  }

  private static TokenizeOutcome run(TestCorpus settings) throws IOException {
    return new TokenizePipeline(spark(), settings.config()).run();
  }

  private static void assertRefused(TestCorpus settings, String reason) {
    assertThatThrownBy(() -> run(settings))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("Invalid tokenize.output: " + settings.output + " ")
        .hasMessageContaining(reason);
  }

  private List<List<Integer>> rows() {
    List<List<Integer>> rows = new ArrayList<>();
    try (ShardSet set = ShardSet.open(List.of(output), CHECKED)) {
      for (long i = 0; i < set.rowCount(); i++) {
        rows.add(Arrays.stream(set.row(i).inputIds()).boxed().toList());
      }
    }
    return rows;
  }

  private static List<List<Integer>> blocks(List<String> documents, int blockSize) {
    TokenizerFolder folder = TokenizerFolder.open(TestCorpus.TOKENIZER);
    List<Integer> ids = new ArrayList<>();
    try (Tokenizer tokenizer = NativeTokenizer.open(folder)) {
      int eos = tokenizer.tokenId(folder.requireEosToken()).orElseThrow();
      for (String document : documents) {
        for (int id : tokenizer.encode(document)) {
          ids.add(id);
        }
        ids.add(eos);
      }
    }
    List<List<Integer>> blocks = new ArrayList<>();
    for (int start = 0; start < ids.size(); start += blockSize) {
      blocks.add(ids.subList(start, Math.min(ids.size(), start + blockSize)));
    }
    return blocks;
  }

  private Path write(String name, String content) throws IOException {
    Path file = corpus.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, content);
  }

  private void gzip(String name, String content) throws IOException {
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(corpus.resolve(name)))) {
      out.write(content.getBytes(StandardCharsets.UTF_8));
    }
  }
}
