package dev.anneal.jobs.tokenize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.ZstdOutputStream;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.data.ShardManifest;
import dev.anneal.data.config.InputConfig;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;

class TokenizeInputsTest extends TokenizeTest {

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
              "_anneal/report.json",
              "_anneal/report.html");
      assertThat(Files.readString(output.resolve("_anneal/report.html")))
          .contains("<h2>Sources</h2>", "<h2>Lengths in tokens</h2>", "slowest against median")
          .doesNotContain("href=", "src=");
    }
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
    Path empty = write("empty.jsonl", "");
    assertThatThrownBy(() -> run(settings))
        .isInstanceOf(ConfigException.class)
        .hasMessage("Invalid tokenize.inputs[0]: " + corpus + " (gives no tokens: 0 rows read)");
    assertThat(empty).exists();
    write("strange.xyz", "?");
    assertThatThrownBy(() -> run(settings)).hasMessageContaining("cannot tell the format of");
    settings.inputs.clear();
    assertThatThrownBy(() -> run(settings)).hasMessageContaining("tokenize.inputs");
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
  void readsAQueryInAnOrderOfItsOwn() throws IOException {
    String query =
        "SELECT * FROM VALUES (2, 'zwei'), (1, '一'), (3, null), (2, 'deux') AS t(n, text)";
    TestCorpus settings = new TestCorpus(output);
    settings.inputs.add(query(query, "n"));
    run(settings);
    assertThat(rows()).isEqualTo(blocks(List.of("一", "deux", "zwei"), 16));
    assertThat(run(settings).upToDate()).isTrue();
    settings.inputs.set(0, query(query.replace("zwei", "drei"), "n"));
    assertRefused(settings, "is gone");
    TestCorpus unordered = new TestCorpus(temp.resolve("unordered"));
    unordered.inputs.add(query(query, ""));
    ShardManifest first = run(unordered).manifest();
    TestCorpus again = new TestCorpus(temp.resolve("again"));
    again.inputs.add(query(query, ""));
    assertThat(run(again).manifest()).isEqualTo(first);

    unordered.inputs.set(0, query(query, "k"));
    assertThatThrownBy(() -> run(unordered))
        .isInstanceOf(ConfigException.class)
        .hasMessage("Invalid tokenize.inputs[0].order_by: k (must be one of n, text)");
    unordered.inputs.set(0, query("SELECT * FROM no_such_table", ""));
    assertThatThrownBy(() -> run(unordered))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("Invalid tokenize.inputs[0].query: SELECT * FROM no_such_table (")
        .hasMessageContaining("TABLE_OR_VIEW_NOT_FOUND");
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

  private static InputConfig query(String query, String orderBy) {
    return new InputConfig(
        "", query, orderBy, InputConfig.Format.AUTO, InputConfig.DatasetFormat.AUTO, 1, Map.of());
  }
}
