package dev.anneal.spark.ml;

import dev.anneal.jobs.tokenizer.OpenTokenizers;
import dev.anneal.spark.ml.task.IdType;
import dev.anneal.spark.ml.task.PerTask;
import dev.anneal.spark.ml.task.RowFrame;
import dev.anneal.spark.ml.task.RowFunction;
import dev.anneal.spark.ml.task.ShippedTokenizer;
import java.util.List;
import org.apache.spark.ml.param.BooleanParam;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.Identifiable;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * Text to token ids: {@code struct<ids, type_ids, attention_mask>} of {@code array<bigint>}, what
 * {@code tokenizer(text)} of transformers gives. Never cut and never padded unless asked. Null
 * gives null.
 */
public final class TextEncoder extends TokenizerStage<TextEncoder> {
  private static final List<String> PADDING = List.of("none", "max_length");

  private final Param<String> idType;
  private final Param<Object> maxLength;
  private final Param<String> padding;
  private final Param<Object> addSpecialTokens;
  private final Param<Object> addEosToken;

  public TextEncoder() {
    this(Identifiable.randomUID("textEncoder"));
  }

  public TextEncoder(String uid) {
    super(uid);
    this.idType = new Param<>(this, "idType", "type of the ids: bigint or int");
    this.maxLength = new IntParam(this, "maxLength", "most ids of a row; 0: as many as it has");
    this.padding = new Param<>(this, "padding", "none or max_length");
    this.addSpecialTokens =
        new BooleanParam(this, "addSpecialTokens", "whether the tokenizer's own frame is added");
    this.addEosToken = new BooleanParam(this, "addEosToken", "whether each row ends with EOS");
    setDefault(idType, "bigint");
    setDefault(maxLength, 0);
    setDefault(padding, "none");
    setDefault(addSpecialTokens, true);
    setDefault(addEosToken, false);
  }

  /** Reads one that was saved by {@code save}. */
  public static MLReader<TextEncoder> read() {
    return new DefaultParamsReader<>();
  }

  public static TextEncoder load(String path) {
    return read().load(path);
  }

  public Param<String> idType() {
    return idType;
  }

  public Param<Object> maxLength() {
    return maxLength;
  }

  public Param<String> padding() {
    return padding;
  }

  public Param<Object> addSpecialTokens() {
    return addSpecialTokens;
  }

  public Param<Object> addEosToken() {
    return addEosToken;
  }

  /** {@code bigint} (default, as the DJL Spark extension) or {@code int}, half as large. */
  public TextEncoder setIdType(String value) {
    set(idType, value);
    return this;
  }

  public String getIdType() {
    return $(idType);
  }

  /** Cuts rows to so many ids, special tokens included; 0 (default) cuts nothing. */
  public TextEncoder setMaxLength(int value) {
    set(maxLength, value);
    return this;
  }

  public int getMaxLength() {
    return (Integer) $(maxLength);
  }

  /**
   * {@code max_length} fills rows up to {@code maxLength} with the tokenizer's padding token;
   * {@code none} is the default. There is no padding to the longest row of a batch: what a row
   * holds would depend on its neighbours.
   */
  public TextEncoder setPadding(String value) {
    set(padding, value);
    return this;
  }

  public String getPadding() {
    return $(padding);
  }

  /** Whether what the tokenizer's post-processor adds, for example BOS, is added; true. */
  public TextEncoder setAddSpecialTokens(boolean value) {
    set(addSpecialTokens, value);
    return this;
  }

  public boolean getAddSpecialTokens() {
    return (Boolean) $(addSpecialTokens);
  }

  /** Whether each row ends with the tokenizer's EOS, as documents for pretraining do; false. */
  public TextEncoder setAddEosToken(boolean value) {
    set(addEosToken, value);
    return this;
  }

  public boolean getAddEosToken() {
    return (Boolean) $(addEosToken);
  }

  /** Adds the ids of each text. */
  public Dataset<Row> encode(Dataset<?> dataset) {
    return transform(dataset);
  }

  @Override
  TextEncoder self() {
    return this;
  }

  @Override
  DataType outputType(StructType schema, StructField input) {
    requireTokenizer();
    requireText(input);
    atLeast(maxLength, 0);
    if (choice(padding, PADDING).equals("max_length") && getMaxLength() == 0) {
      throw new IllegalArgumentException(
          "Invalid padding: max_length (setMaxLength says how long rows become)");
    }
    return outputType();
  }

  private StructType outputType() {
    return IdType.of(choice(idType, IdType.NAMES)).struct("ids", "type_ids", "attention_mask");
  }

  @Override
  Column output(Dataset<?> dataset, Column input) {
    ShippedTokenizer tokenizer = tokenizer(dataset);
    RowFrame frame =
        new RowFrame(
            getAddSpecialTokens(),
            getAddEosToken(),
            getMaxLength(),
            choice(padding, PADDING).equals("max_length"),
            IdType.of(choice(idType, IdType.NAMES)));
    try (OpenTokenizers.Lease lease = tokenizer.lease()) {
      frame.encoder(lease); // says here what the tokenizer lacks, not in a task
    }
    PerTask<RowFrame.Encoder> perTask = new PerTask<>(tokenizer, frame::encoder);
    return new RowFunction<RowFrame.Encoder, Row>(
            perTask, (encoder, row) -> encoder.encode(row.getString(0)))
        .of(outputType(), input);
  }
}
