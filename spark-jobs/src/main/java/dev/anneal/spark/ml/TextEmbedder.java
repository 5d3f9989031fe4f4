package dev.anneal.spark.ml;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.model.weights.ModelFolder;
import dev.anneal.data.tokenize.TokenizerFolder;
import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.placement.NativeFolder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Optional;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.Identifiable;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Text to a vector, {@code array<float>}: the pooled last hidden states of a decoder that Anneal
 * can train, in fp32 on the CPU. Null and a text without tokens give null. A local model folder
 * must be there on every host; any other travels once to each executor. Each task opens the model.
 */
public final class TextEmbedder extends ColumnTransformer<TextEmbedder> {
  private static final Logger LOG = LoggerFactory.getLogger(TextEmbedder.class);

  private final Param<String> modelPath;
  private final Param<String> pooling;
  private final Param<Object> maxLength;
  private final Param<Object> batchSize;

  public TextEmbedder() {
    this(Identifiable.randomUID("textEmbedder"));
  }

  public TextEmbedder(String uid) {
    super(uid);
    this.modelPath = new Param<>(this, "modelPath", "Hugging Face model folder with a tokenizer");
    this.pooling = new Param<>(this, "pooling", "mean or last");
    this.maxLength = new IntParam(this, "maxLength", "most tokens of a text; 0: all it has");
    this.batchSize = new IntParam(this, "batchSize", "texts of one forward pass");
    setDefault(pooling, "mean");
    setDefault(maxLength, 0);
    setDefault(batchSize, 16);
  }

  /** Reads one that was saved by {@code save}. */
  public static MLReader<TextEmbedder> read() {
    return new DefaultParamsReader<>();
  }

  public static TextEmbedder load(String path) {
    return read().load(path);
  }

  public Param<String> modelPath() {
    return modelPath;
  }

  public Param<String> pooling() {
    return pooling;
  }

  public Param<Object> maxLength() {
    return maxLength;
  }

  public Param<Object> batchSize() {
    return batchSize;
  }

  /** A model folder as Hugging Face saves it, with its tokenizer. */
  public TextEmbedder setModelPath(String value) {
    set(modelPath, value);
    return this;
  }

  /** {@code mean} of all tokens (default) or the {@code last} one. */
  public TextEmbedder setPooling(String value) {
    set(pooling, value);
    return this;
  }

  /** Cuts texts to so many tokens; 0 (default) cuts nothing. */
  public TextEmbedder setMaxLength(int value) {
    set(maxLength, value);
    return this;
  }

  /** Texts of one forward pass, laid end to end without padding; 16. */
  public TextEmbedder setBatchSize(int value) {
    set(batchSize, value);
    return this;
  }

  /** Adds the vector of each text. */
  public Dataset<Row> embed(Dataset<?> dataset) {
    return transform(dataset);
  }

  @Override
  TextEmbedder self() {
    return this;
  }

  @Override
  DataType outputType(StructType schema, StructField input) {
    if (!isSet(modelPath)) {
      throw new IllegalArgumentException(
          "Missing modelPath of " + uid() + " (setModelPath names a model's folder)");
    }
    requireText(input);
    choice(pooling, Pooling.NAMES);
    atLeast(maxLength, 0);
    atLeast(batchSize, 1);
    return DataTypes.createArrayType(DataTypes.FloatType, false);
  }

  @Override
  Dataset<Row> apply(Dataset<?> dataset) {
    StructType schema = dataset.schema();
    String path = $(modelPath);
    Optional<Path> local = localFolder(dataset, path);
    NativeFolder natives = NativeFolder.beside(TextEmbedder.class);
    EmbeddingTask task =
        new EmbeddingTask(
            local.map(Path::toString).orElseGet(() -> path.substring(path.lastIndexOf('/') + 1)),
            local.isEmpty(),
            schema.fieldIndex(input(schema).name()),
            (Integer) $(batchSize),
            choice(pooling, Pooling.NAMES).equals("last") ? Pooling.LAST : Pooling.MEAN,
            (Integer) $(maxLength),
            natives);
    return dataset.toDF().mapPartitions(task, Encoders.row(checkedSchema(schema)));
  }

  /** The folder if it is local, looked at here; others are sent along. */
  private Optional<Path> localFolder(Dataset<?> dataset, String path) {
    HadoopFileStore store =
        new HadoopFileStore(dataset.sparkSession().sparkContext().hadoopConfiguration());
    try {
      Optional<Path> local = store.localPath(path);
      if (local.isEmpty()) {
        dataset.sparkSession().sparkContext().addFile(path, true);
        return local;
      }
      if (!store.exists(path)) {
        throw new ConfigException("Cannot read modelPath: " + path + " (no such folder)");
      }
      ModelFolder.open(local.get()).warnings().forEach(LOG::warn);
      TokenizerFolder.open(local.get());
      return local;
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read model " + path + ": " + e.getMessage(), e);
    }
  }
}
