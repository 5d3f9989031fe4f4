package dev.anneal.spark.ml;

import dev.anneal.data.tokenize.TokenNames;
import dev.anneal.data.tokenize.Tokenizer;
import dev.anneal.spark.ml.task.PerTask;
import dev.anneal.spark.ml.task.RowFunction;
import dev.anneal.spark.ml.task.ShippedTokenizer;
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
 * Text to the spellings of its tokens, {@code array<string>}, as {@code tokenizer.tokenize} of
 * transformers gives them: no special tokens are added. Null gives null.
 */
public final class TextTokenizer extends TokenizerStage<TextTokenizer> {
  public TextTokenizer() {
    this(Identifiable.randomUID("textTokenizer"));
  }

  public TextTokenizer(String uid) {
    super(uid);
  }

  /** Reads one that was saved by {@code save}. */
  public static MLReader<TextTokenizer> read() {
    return new DefaultParamsReader<>();
  }

  public static TextTokenizer load(String path) {
    return read().load(path);
  }

  /** Adds the tokens of each text. */
  public Dataset<Row> tokenize(Dataset<?> dataset) {
    return transform(dataset);
  }

  @Override
  TextTokenizer self() {
    return this;
  }

  @Override
  DataType outputType(StructType schema, StructField input) {
    requireTokenizer();
    requireText(input);
    return DataTypes.createArrayType(DataTypes.StringType, false);
  }

  @Override
  Column output(Dataset<?> dataset, Column input) {
    ShippedTokenizer tokenizer = tokenizer(dataset);
    PerTask<Spelling> perTask =
        new PerTask<>(
            tokenizer,
            lease -> new Spelling(lease.tokenizer(), lease.tokenNames(tokenizer::contents)));
    return new RowFunction<Spelling, String[]>(
            perTask, (spelling, row) -> spelling.tokens(row.getString(0)))
        .of(DataTypes.createArrayType(DataTypes.StringType, false), input);
  }

  private record Spelling(Tokenizer tokenizer, TokenNames names) {
    String[] tokens(String text) {
      int[] ids = tokenizer.encode(text);
      String[] tokens = new String[ids.length];
      for (int i = 0; i < ids.length; i++) {
        tokens[i] = names.name(ids[i]);
      }
      return tokens;
    }
  }
}
