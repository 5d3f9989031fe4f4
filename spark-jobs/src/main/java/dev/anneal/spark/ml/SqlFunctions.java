package dev.anneal.spark.ml;

import dev.anneal.core.config.ConfigException;
import dev.anneal.data.tokenize.SpecialTokens;
import dev.anneal.data.tokenize.Tokenizer;
import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.tokenizer.TokenizerFiles;
import dev.anneal.spark.ml.task.IdType;
import dev.anneal.spark.ml.task.PerTask;
import dev.anneal.spark.ml.task.ShippedTokenizer;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.types.DataTypes;

/**
 * Spark SQL's way to a tokenizer: {@code anneal_token_count(text)} and {@code anneal_encode(text)},
 * the latter {@code array<int>}, both without special tokens; null gives null. Stateless.
 */
public final class SqlFunctions {
  private SqlFunctions() {}

  /** Registers the functions in a session, with the tokenizer of a folder on any file system. */
  public static void register(SparkSession session, String tokenizerPath) {
    HadoopFileStore store = new HadoopFileStore(session.sparkContext().hadoopConfiguration());
    ShippedTokenizer shipped;
    try {
      TokenizerFiles files = TokenizerFiles.read(store, tokenizerPath, "tokenizerPath");
      shipped = ShippedTokenizer.of(session, files, SpecialTokens.MATCHED);
    } catch (ConfigException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "Cannot read tokenizer " + tokenizerPath + ": " + e.getMessage(), e);
    }
    PerTask<Tokenizer> perTask = new PerTask<>(shipped, lease -> lease.tokenizer());
    UDF1<String, Integer> count =
        text -> text == null ? null : perTask.use(tokenizer -> tokenizer.encode(text).length);
    UDF1<String, int[]> encode =
        text -> text == null ? null : perTask.use(tokenizer -> tokenizer.encode(text));
    session.udf().register("anneal_token_count", count, DataTypes.IntegerType);
    session.udf().register("anneal_encode", encode, IdType.INT.array());
  }
}
