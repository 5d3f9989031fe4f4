package dev.anneal.spark.ml;

import dev.anneal.data.tokenize.Tokenizer;
import dev.anneal.spark.ml.task.IdType;
import dev.anneal.spark.ml.task.PerTask;
import dev.anneal.spark.ml.task.RowFunction;
import org.apache.spark.ml.param.BooleanParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.Identifiable;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * Token ids, {@code array<bigint>} or {@code array<int>}, to their text. Null gives null; an id
 * that the tokenizer does not have is an error.
 */
public final class TextDecoder extends TokenizerStage<TextDecoder> {
  private final Param<Object> skipSpecialTokens;

  public TextDecoder() {
    this(Identifiable.randomUID("textDecoder"));
  }

  public TextDecoder(String uid) {
    super(uid);
    this.skipSpecialTokens =
        new BooleanParam(this, "skipSpecialTokens", "whether special tokens are left out");
    setDefault(skipSpecialTokens, false);
  }

  /** Reads one that was saved by {@code save}. */
  public static MLReader<TextDecoder> read() {
    return new DefaultParamsReader<>();
  }

  public static TextDecoder load(String path) {
    return read().load(path);
  }

  public Param<Object> skipSpecialTokens() {
    return skipSpecialTokens;
  }

  /** Whether special tokens are left out of the text; false by default, as in transformers. */
  public TextDecoder setSkipSpecialTokens(boolean value) {
    set(skipSpecialTokens, value);
    return this;
  }

  public boolean getSkipSpecialTokens() {
    return (Boolean) $(skipSpecialTokens);
  }

  /** Adds the text of each row's ids. */
  public Dataset<Row> decode(Dataset<?> dataset) {
    return transform(dataset);
  }

  @Override
  TextDecoder self() {
    return this;
  }

  @Override
  DataType outputType(StructType schema, StructField input) {
    requireTokenizer();
    if (!IdType.isIds(input.dataType())) {
      throw wrongType(input, inputCol(), "array<bigint> or array<int>");
    }
    return DataTypes.StringType;
  }

  @Override
  Column output(Dataset<?> dataset, Column input) {
    boolean skip = getSkipSpecialTokens();
    PerTask<Tokenizer> perTask = new PerTask<>(tokenizer(dataset), lease -> lease.tokenizer());
    return new RowFunction<Tokenizer, String>(
            perTask, (tokenizer, row) -> text(tokenizer, IdType.read(row, 0), skip))
        .of(DataTypes.StringType, input);
  }

  private static String text(Tokenizer tokenizer, int[] ids, boolean skipSpecialTokens) {
    for (int i = 0; i < ids.length; i++) {
      if (ids[i] < 0 || ids[i] >= tokenizer.vocabularySize()) {
        throw new IllegalArgumentException(
            "Invalid id: %d at %d (must be in [0, %d); does the tokenizer belong to these ids?)"
                .formatted(ids[i], i, tokenizer.vocabularySize()));
      }
    }
    return skipSpecialTokens ? tokenizer.decodeSkippingSpecial(ids) : tokenizer.decode(ids);
  }
}
