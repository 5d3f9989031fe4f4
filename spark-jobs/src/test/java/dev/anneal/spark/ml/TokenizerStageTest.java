package dev.anneal.spark.ml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.jobs.tokenizer.OpenTokenizers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizerStageTest extends MlTest {
  private static final String[] TEXTS = {"Hello world.", "你好，世界 🙂", "", null, "a <|im_end|>"};

  @TempDir Path temp;

  @Test
  void namesWhatIsWrongWithColumnsAndSettings() {
    Dataset<Row> data = texts("x").withColumn("n", functions.lit(1));
    TextEncoder encoder = new TextEncoder("enc");
    assertThatThrownBy(() -> encoder.encode(data))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Missing inputCol of enc (setInputCol names the column to read)");
    encoder.setInputCol("body");
    assertThatThrownBy(() -> encoder.encode(data))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Invalid inputCol: body (must be one of text, n)");
    encoder.setInputCol("text");
    assertThatThrownBy(() -> encoder.encode(data))
        .hasMessage("Missing tokenizerPath of enc (setTokenizerPath names a tokenizer's folder)");
    encoder.setTokenizerPath(CHATML.toString()).setInputCol("n");
    assertThatThrownBy(() -> encoder.encode(data))
        .hasMessage("Invalid inputCol: n (is int, must be string)");
    encoder.setInputCol("text").setOutputCol("N");
    assertThatThrownBy(() -> encoder.encode(data))
        .hasMessage("Invalid outputCol: n (the data has this column already)");
    encoder.setOutputCol("e").setIdType("short");
    assertThatThrownBy(() -> encoder.encode(data))
        .hasMessage("Invalid idType: short (must be one of int, bigint)");
    encoder.setIdType("int").setBatchSize(0);
    assertThatThrownBy(() -> encoder.encode(data))
        .hasMessage("Invalid batchSize: 0 (must be >= 1)");
    encoder.setBatchSize(1).setTokenizerPath(temp.resolve("none").toString());
    assertThatThrownBy(() -> encoder.encode(data))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "Cannot read tokenizer " + temp.resolve("none") + ": no such folder (tokenizerPath)");
    encoder.setHfModelId("Qwen/Qwen2.5-0.5B");
    assertThatThrownBy(() -> encoder.encode(data))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(
            "Invalid hfModelId: Qwen/Qwen2.5-0.5B (must be a folder that holds tokenizer.json;");
  }

  @Test
  void readsColumnsWithDotsAndATokenizerPathWithSpaces() throws Exception {
    Path folder = Files.createDirectories(temp.resolve("my tokenizer 分词"));
    try (Stream<Path> files = Files.list(CHATML)) {
      for (Path file : files.toList()) {
        Files.copy(file, folder.resolve(file.getFileName()));
      }
    }
    Dataset<Row> data = texts("你好").toDF("a.text 文");
    Row row =
        new TextEncoder()
            .setInputCol("a.text 文")
            .setOutputCol("e")
            .setHfModelId(folder.toString())
            .encode(data)
            .head();
    assertThat(row.getStruct(1).getList(0)).isNotEmpty();
  }

  @Test
  void countsTokensInSql() {
    SqlFunctions.register(spark(), CHATML.toString());
    texts(TEXTS).createOrReplaceTempView("texts");
    Dataset<Row> counted =
        spark()
            .sql(
                "SELECT anneal_token_count(text) AS n, anneal_encode(text) AS ids, text FROM texts");
    assertThat(counted.schema().apply("ids").dataType())
        .isEqualTo(DataTypes.createArrayType(DataTypes.IntegerType, false));
    assertThat(counted.where("n != size(ids)").count()).isZero();
    assertThat(counted.where("text IS NULL AND n IS NULL AND ids IS NULL").count()).isEqualTo(1);
    assertThat(spark().sql("SELECT anneal_token_count('<|im_end|>')").head().getInt(0))
        .isEqualTo(1);
    assertThatThrownBy(() -> SqlFunctions.register(spark(), temp.toString()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("it holds no tokenizer.json");
  }

  @Test
  void manyTasksShareOneTokenizerAndGiveItBackAlsoWhenTheyFail() {
    TextEncoder encoder =
        new TextEncoder().setInputCol("text").setOutputCol("e").setTokenizerPath(CHATML.toString());
    Dataset<Row> many =
        spark().range(0, 4000, 1, 40).selectExpr("concat('text ', id, ' 文') AS text");
    assertThat(encoder.encode(many).where("size(e.ids) > 0").count()).isEqualTo(4000);
    Dataset<Row> first = encoder.encode(many).limit(3);
    assertThat(first.collectAsList()).hasSize(3);
    assertThatThrownBy(
            () ->
                encoder
                    .encode(many)
                    .selectExpr("if(size(e.ids) > 0, raise_error('stop'), 1) AS x")
                    .collect())
        .hasMessageContaining("stop");
    awaitIdleTasks();
    assertThat(OpenTokenizers.ofProcess().leases()).isZero();
  }

  private static void awaitIdleTasks() {
    long end = System.nanoTime() + 10_000_000_000L;
    while (spark().sparkContext().statusTracker().getActiveStageIds().length > 0
        || OpenTokenizers.ofProcess().leases() > 0) {
      assertThat(System.nanoTime()).isLessThan(end);
      Thread.onSpinWait();
    }
  }
}
