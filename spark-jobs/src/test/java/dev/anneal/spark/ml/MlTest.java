package dev.anneal.spark.ml;

import dev.anneal.data.tokenize.Tokenizer;
import dev.anneal.data.tokenize.TokenizerFolder;
import dev.anneal.data.tokenize.engines.Tokenizers;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** A Spark of two slots for the tests of a class, with the serializer that many clusters set. */
abstract class MlTest {
  static final Path CHATML = folder("chatml-tokenizer");
  static final Path LLAMA3 = folder("llama3-tokenizer");
  private static SparkSession spark;

  private static Path folder(String name) {
    return Path.of("..", "data-pipeline", "src", "test", "resources", "text", name);
  }

  @BeforeAll
  static void startSpark() {
    spark =
        SparkSession.builder()
            .master("local[2]")
            .appName("ml tests")
            .config("spark.ui.enabled", "false")
            .config("spark.sql.shuffle.partitions", "2")
            .config("spark.serializer", "org.apache.spark.serializer.KryoSerializer")
            .config("spark.driver.host", "localhost")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .getOrCreate();
    spark.sparkContext().setLogLevel("OFF");
  }

  @AfterAll
  static void stopSpark() {
    spark.stop();
  }

  static SparkSession spark() {
    return spark;
  }

  /** A column {@code text}, null allowed, in two partitions. */
  static Dataset<Row> texts(String... texts) {
    return spark.createDataset(Arrays.asList(texts), Encoders.STRING()).toDF("text").repartition(2);
  }

  /** Rows of one JSON object a line. */
  static Dataset<Row> rows(String... lines) {
    Dataset<String> json = spark.createDataset(List.of(lines), Encoders.STRING());
    return spark.read().json(json).coalesce(1);
  }

  static Tokenizer open(Path folder) {
    return Tokenizers.open(TokenizerFolder.open(folder));
  }
}
