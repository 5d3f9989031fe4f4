package dev.anneal.jobs.tokenize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.config.ConfigException;
import dev.anneal.data.config.InputConfig;
import dev.anneal.data.config.TokenizeConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;

class TokenizeContainersTest extends TokenizeTest {
  private static final Path CONTAINERS = Path.of("src", "test", "resources", "containers");
  private static final List<String> TEXTS = List.of("第一 document", "last");

  @Test
  void readsTheSameRowsOutOfEveryContainer() throws IOException {
    for (String name :
        List.of("stream.arrow", "lz4.feather", "rows.orc", "rows.parquet", "rows.jsonl")) {
      TestCorpus settings = new TestCorpus(temp.resolve(name)).input(CONTAINERS.resolve(name));
      output = settings.output;
      run(settings);
      assertThat(rows()).as(name).isEqualTo(blocks(TEXTS, 16));
    }
  }

  @Test
  void readsConversationsOutOfNestedColumns() throws IOException {
    List<List<List<Integer>>> found = new java.util.ArrayList<>();
    for (String name : List.of("rows.jsonl", "stream.arrow", "rows.orc", "rows.parquet")) {
      TestCorpus settings = new TestCorpus(temp.resolve(name)).input(CONTAINERS.resolve(name));
      settings.stage = TokenizeConfig.Stage.SFT;
      settings.chatTemplate = "chatml";
      settings.blockSize = 128;
      settings.maxBadRatio = 0.9;
      output = settings.output;
      run(settings);
      found.add(rows());
    }
    assertThat(found.get(0)).hasSize(1);
    assertThat(found).allMatch(rows -> rows.equals(found.get(0)));
  }

  @Test
  void readsASavedDatasetWithoutWhatDescribesIt() throws IOException {
    for (String split : List.of("train", "validation")) {
      Path folder = Files.createDirectories(corpus.resolve("saved").resolve(split));
      Files.copy(CONTAINERS.resolve("stream.arrow"), folder.resolve("data-00000-of-00001.arrow"));
      Files.copy(CONTAINERS.resolve("stream.arrow"), folder.resolve("cache-5f1c.arrow"));
      Files.writeString(
          folder.resolve("state.json"),
          "{\"_data_files\": [{\"filename\": \"data-00000-of-00001.arrow\"}]}");
      Files.writeString(folder.resolve("dataset_info.json"), "{}");
    }
    write("saved/dataset_dict.json", "{\"splits\": [\"train\", \"validation\"]}");
    run(new TestCorpus(output).input(corpus.resolve("saved")));
    assertThat(rows())
        .isEqualTo(blocks(List.of(TEXTS.get(0), TEXTS.get(1), TEXTS.get(0), TEXTS.get(1)), 16));
    output = temp.resolve("one");
    run(new TestCorpus(output).input(corpus.resolve("saved/validation")));
    assertThat(rows()).isEqualTo(blocks(TEXTS, 16));
    write("saved/train/state.json", "{");
    assertThatThrownBy(() -> run(new TestCorpus(temp.resolve("x")).input(corpus)))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("state.json: ");
  }

  @Test
  void tellsPartsOfATableByTheirFirstBytes() throws IOException {
    Files.copy(CONTAINERS.resolve("rows.orc"), corpus.resolve("000000_0"));
    Files.copy(CONTAINERS.resolve("rows.parquet"), corpus.resolve("part-00001"));
    run(new TestCorpus(output).input(corpus));
    assertThat(rows())
        .isEqualTo(blocks(List.of(TEXTS.get(0), TEXTS.get(1), TEXTS.get(0), TEXTS.get(1)), 16));
    write("part-00002", "plain text");
    assertThatThrownBy(() -> run(new TestCorpus(temp.resolve("x")).input(corpus)))
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            "Invalid tokenize.inputs[0].path: cannot tell the format of "
                + corpus.resolve("part-00002")
                + " (set format = jsonl, text, lines, parquet, orc or arrow)");
  }

  @Test
  void readsATableOfACatalog() throws IOException {
    SparkSession session = SparkSession.builder().sparkContext(spark().sc()).getOrCreate();
    Dataset<Row> rows =
        session
            .createDataset(List.of("third", "一", "second"), Encoders.STRING())
            .selectExpr("value AS body", "length(value) AS n");
    session.sql("CREATE DATABASE IF NOT EXISTS corpora LOCATION '" + temp.toUri() + "db'");
    rows.write().mode("overwrite").saveAsTable("corpora.news");
    TestCorpus settings = new TestCorpus(output);
    settings.inputs.add(table("corpora.news", "n"));
    run(settings);
    assertThat(rows()).isEqualTo(blocks(List.of("一", "third", "second"), 16));
    assertThat(run(settings).upToDate()).isTrue();
    assertThat(Files.readString(output.resolve("_anneal/manifest.json"))).contains("corpora.news");
    settings.inputs.set(0, table("corpora.none", ""));
    assertThatThrownBy(() -> run(settings))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("Invalid tokenize.inputs[0].table: corpora.none (")
        .hasMessageContaining("TABLE_OR_VIEW_NOT_FOUND");
    session.sql("DROP DATABASE corpora CASCADE");
  }

  @Test
  void givesTheSameChatsOutOfTablesAsOutOfLines() throws IOException {
    SparkSession session = SparkSession.builder().sparkContext(spark().sc()).getOrCreate();
    Path template = temp.resolve("all.jinja");
    Files.writeString(
        template,
        "{{ tools | tojson }}{% for m in messages %}{{ m | tojson }}{% generation %}{{ m.role }}"
            + "{% endgeneration %}{% endfor %}");
    List<List<List<Integer>>> found = new java.util.ArrayList<>();
    for (String name : List.of("chats.jsonl", "chats.parquet", "chats-loaded.parquet", "query")) {
      for (boolean keepNulls : new boolean[] {false, true}) {
        TestCorpus settings = new TestCorpus(temp.resolve(name + keepNulls));
        if (name.equals("query")) {
          session
              .read()
              .parquet(CONTAINERS.resolve("chats.parquet").toString())
              .selectExpr("*", "monotonically_increasing_id() AS n")
              .createOrReplaceTempView("chats");
          settings.inputs.add(
              new InputConfig(
                  "",
                  "chats",
                  "",
                  "n",
                  InputConfig.Format.AUTO,
                  InputConfig.DatasetFormat.AUTO,
                  1,
                  Map.of()));
        } else {
          settings.input(CONTAINERS.resolve(name));
        }
        settings.stage = TokenizeConfig.Stage.SFT;
        settings.chatTemplate = template.toString();
        settings.blockSize = 2048;
        settings.keepNulls = keepNulls;
        output = settings.output;
        run(settings);
        found.add(rows());
      }
    }
    assertThat(found.get(0)).hasSize(3).isEqualTo(found.get(1));
    assertThat(List.of(found.get(2), found.get(4), found.get(6)))
        .allMatch(rows -> rows.equals(found.get(0)));
    assertThat(List.of(found.get(3), found.get(7))).noneMatch(rows -> rows.equals(found.get(0)));
    TestCorpus other = new TestCorpus(temp.resolve("chats.parquettrue"));
    other.input(CONTAINERS.resolve("chats.parquet"));
    other.stage = TokenizeConfig.Stage.SFT;
    other.chatTemplate = template.toString();
    other.blockSize = 2048;
    assertRefused(other, "keep_nulls");
  }

  @Test
  void saysThatAFileIsNotOfTheConfiguredFormat() throws IOException {
    Path lines = write("文 lines.jsonl", "{\"text\": \"x\"}\n");
    for (InputConfig.Format format :
        List.of(InputConfig.Format.ORC, InputConfig.Format.ARROW, InputConfig.Format.PARQUET)) {
      TestCorpus settings = new TestCorpus(temp.resolve("out")).input(lines, format, 1, Map.of());
      assertThatThrownBy(() -> run(settings))
          .as(format.name())
          .hasStackTraceContaining("Cannot read " + lines + ": ")
          .hasStackTraceContaining(
              "(tokenize.inputs[0].format = "
                  + format.name().toLowerCase(java.util.Locale.ROOT)
                  + ")");
    }
    TestCorpus settings =
        new TestCorpus(temp.resolve("out"))
            .input(
                CONTAINERS.resolve("rows.orc"), InputConfig.Format.AUTO, 1, Map.of("text", "no"));
    assertThatThrownBy(() -> run(settings))
        .hasStackTraceContaining(
            "missing field 'no' (the row has text, kind, n, score, ok, messages; the input's"
                + " columns maps text to another)");
  }

  private static InputConfig table(String name, String orderBy) {
    return new InputConfig(
        "",
        name,
        "",
        orderBy,
        InputConfig.Format.AUTO,
        InputConfig.DatasetFormat.TEXT,
        1,
        Map.of("text", "body"));
  }
}
