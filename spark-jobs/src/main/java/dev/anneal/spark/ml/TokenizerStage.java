package dev.anneal.spark.ml;

import dev.anneal.data.tokenize.SpecialTokens;
import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.tokenizer.TokenizerFiles;
import dev.anneal.spark.ml.task.ShippedTokenizer;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * A stage with a tokenizer: a folder as Hugging Face saves it, on any file system that Spark
 * reaches.
 *
 * @param <T> the class itself, which its setters return
 */
public abstract class TokenizerStage<T extends TokenizerStage<T>> extends ColumnTransformer<T> {
  private final Param<String> tokenizerPath;
  private final Param<String> hfModelId;
  private final Param<Object> batchSize;
  private transient ShippedTokenizer shipped;

  TokenizerStage(String uid) {
    super(uid);
    this.tokenizerPath =
        new Param<>(this, "tokenizerPath", "folder of tokenizer.json, on any file system");
    this.hfModelId =
        new Param<>(this, "hfModelId", "the same under the DJL Spark extension's name");
    this.batchSize = new IntParam(this, "batchSize", "rows of a batch; changes no result");
    setDefault(batchSize, 100);
  }

  /** The expression of the new column. */
  abstract Column output(Dataset<?> dataset, Column input);

  @Override
  Dataset<Row> apply(Dataset<?> dataset) {
    Column input = dataset.col(quoted(input(dataset.schema()).name()));
    return dataset.withColumn(getOutputCol(), output(dataset, input));
  }

  public final Param<String> tokenizerPath() {
    return tokenizerPath;
  }

  public final Param<String> hfModelId() {
    return hfModelId;
  }

  public final Param<Object> batchSize() {
    return batchSize;
  }

  /** Names the tokenizer's folder: local, {@code hdfs://}, {@code s3a://}, ... */
  public final T setTokenizerPath(String value) {
    clear(hfModelId);
    set(tokenizerPath, value);
    return self();
  }

  public final String getTokenizerPath() {
    return $(isSet(hfModelId) ? hfModelId : tokenizerPath);
  }

  /** As {@link #setTokenizerPath}: a folder, for nothing is downloaded from a hub. */
  public final T setHfModelId(String value) {
    clear(tokenizerPath);
    set(hfModelId, value);
    return self();
  }

  public final String getHfModelId() {
    return getTokenizerPath();
  }

  /** Rows of a batch. Texts are encoded one by one, without padding, whatever it is. */
  public final T setBatchSize(int value) {
    set(batchSize, value);
    return self();
  }

  public final int getBatchSize() {
    return (Integer) $(batchSize);
  }

  final void requireTokenizer() {
    atLeast(batchSize, 1);
    if (!isSet(tokenizerPath) && !isSet(hfModelId)) {
      throw new IllegalArgumentException(
          "Missing tokenizerPath of " + uid() + " (setTokenizerPath names a tokenizer's folder)");
    }
  }

  /** Reads the folder; what executors got of it before is used again when nothing changed. */
  final ShippedTokenizer tokenizer(Dataset<?> dataset) {
    TokenizerFiles files = read(dataset);
    if (shipped == null || !shipped.holds(dataset.sparkSession(), files)) {
      shipped = ShippedTokenizer.of(dataset.sparkSession(), files, SpecialTokens.MATCHED);
    }
    return shipped;
  }

  private TokenizerFiles read(Dataset<?> dataset) {
    String path = getTokenizerPath();
    HadoopFileStore store =
        new HadoopFileStore(dataset.sparkSession().sparkContext().hadoopConfiguration());
    try {
      if (isSet(hfModelId) && isHubName(path) && !store.exists(path)) {
        throw new IllegalArgumentException(
            "Invalid hfModelId: "
                + path
                + " (must be a folder that holds tokenizer.json; nothing is downloaded from a hub:"
                + " save the tokenizer with save_pretrained and name that folder)");
      }
      return TokenizerFiles.read(
          store, path, isSet(hfModelId) ? hfModelId.name() : tokenizerPath.name());
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read tokenizer " + path + ": " + e.getMessage(), e);
    }
  }

  private static boolean isHubName(String path) {
    return path.matches("[\\w.-]+(/[\\w.-]+)?");
  }
}
