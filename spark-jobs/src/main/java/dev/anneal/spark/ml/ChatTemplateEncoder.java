package dev.anneal.spark.ml;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.to_json;

import dev.anneal.core.config.TemplateDate;
import dev.anneal.data.chat.ChatTemplate;
import dev.anneal.data.chat.ChatTemplates;
import dev.anneal.data.tokenize.TokenizerFolder;
import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.spark.ml.task.ChatEncoding;
import dev.anneal.spark.ml.task.IdType;
import dev.anneal.spark.ml.task.PerTask;
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
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * Conversations to {@code struct<input_ids, labels>} through the tokenizer's chat template, as the
 * tokenize job makes them: labels are the ids where the assistant speaks and -100 elsewhere, not
 * shifted.
 *
 * <p>The input is a list of messages ({@code role} and {@code content}, or {@code from} and {@code
 * value}) as an array of structs or maps, or as JSON text; JSON text may also be a whole row of any
 * shape that the tokenize job reads. Null gives null.
 */
public final class ChatTemplateEncoder extends TokenizerStage<ChatTemplateEncoder> {
  static final List<String> MASKS = List.of("all_turns", "last_turn", "train_on_prompt");
  private static final List<String> OVERLONG = List.of("truncate", "drop", "error");
  private static final List<String> INVALID = List.of("error", "skip", "keep");

  private final Param<String> chatTemplate;
  private final Param<String> mask;
  private final Param<Object> maxLength;
  private final Param<String> overlong;
  private final Param<Object> addGenerationPrompt;
  private final Param<String> handleInvalid;
  private final Param<String> idType;

  public ChatTemplateEncoder() {
    this(Identifiable.randomUID("chatTemplateEncoder"));
  }

  public ChatTemplateEncoder(String uid) {
    super(uid);
    this.chatTemplate =
        new Param<>(this, "chatTemplate", "empty: the tokenizer's; else a built-in name or a file");
    this.mask = new Param<>(this, "mask", "what has a loss: " + String.join(", ", MASKS));
    this.maxLength = new IntParam(this, "maxLength", "most ids of a row; 0: as many as it has");
    this.overlong = new Param<>(this, "overlong", "rows over maxLength: truncate, drop, error");
    this.addGenerationPrompt =
        new BooleanParam(this, "addGenerationPrompt", "render prompts for the model to answer");
    this.handleInvalid =
        new Param<>(this, "handleInvalid", "rows that cannot be encoded: error, skip, keep (null)");
    this.idType = new Param<>(this, "idType", "type of the ids: int or bigint");
    setDefault(chatTemplate, "");
    setDefault(mask, "all_turns");
    setDefault(maxLength, 0);
    setDefault(overlong, "truncate");
    setDefault(addGenerationPrompt, false);
    setDefault(handleInvalid, "error");
    setDefault(idType, "int");
  }

  /** Reads one that was saved by {@code save}. */
  public static MLReader<ChatTemplateEncoder> read() {
    return new DefaultParamsReader<>();
  }

  public static ChatTemplateEncoder load(String path) {
    return read().load(path);
  }

  public Param<String> chatTemplate() {
    return chatTemplate;
  }

  public Param<String> mask() {
    return mask;
  }

  public Param<Object> maxLength() {
    return maxLength;
  }

  public Param<String> overlong() {
    return overlong;
  }

  public Param<Object> addGenerationPrompt() {
    return addGenerationPrompt;
  }

  public Param<String> handleInvalid() {
    return handleInvalid;
  }

  public Param<String> idType() {
    return idType;
  }

  /** Empty (default) for the tokenizer's own, a built-in name, or a local Jinja file. */
  public ChatTemplateEncoder setChatTemplate(String value) {
    set(chatTemplate, value);
    return this;
  }

  /** {@code all_turns} (default), {@code last_turn} or {@code train_on_prompt}. */
  public ChatTemplateEncoder setMask(String value) {
    set(mask, value);
    return this;
  }

  /** Most ids of a row; 0 (default) for no limit. */
  public ChatTemplateEncoder setMaxLength(int value) {
    set(maxLength, value);
    return this;
  }

  /** {@code truncate} (default) keeps the start; {@code drop} and {@code error} make it invalid. */
  public ChatTemplateEncoder setOverlong(String value) {
    set(overlong, value);
    return this;
  }

  /** Whether to render prompts that the model shall answer: nothing is a label then. */
  public ChatTemplateEncoder setAddGenerationPrompt(boolean value) {
    set(addGenerationPrompt, value);
    return this;
  }

  /**
   * What becomes of a row that cannot be encoded or has nothing to train on: {@code error}
   * (default), {@code skip} leaves it out, {@code keep} gives null.
   */
  public ChatTemplateEncoder setHandleInvalid(String value) {
    set(handleInvalid, value);
    return this;
  }

  /** {@code int} (default) or {@code bigint}. */
  public ChatTemplateEncoder setIdType(String value) {
    set(idType, value);
    return this;
  }

  public String getHandleInvalid() {
    return $(handleInvalid);
  }

  /** Adds ids and labels of each conversation. */
  public Dataset<Row> encode(Dataset<?> dataset) {
    return transform(dataset);
  }

  @Override
  ChatTemplateEncoder self() {
    return this;
  }

  @Override
  DataType outputType(StructType schema, StructField input) {
    requireTokenizer();
    DataType type = input.dataType();
    boolean text = type.equals(DataTypes.StringType);
    boolean list =
        type instanceof ArrayType array
            && (array.elementType() instanceof StructType
                || array.elementType().typeName().equals("map"));
    if (!text && !list) {
      throw wrongType(input, inputCol(), "array<struct<role, content>> or JSON text");
    }
    atLeast(maxLength, 0);
    choice(mask, MASKS);
    choice(overlong, OVERLONG);
    choice(handleInvalid, INVALID);
    return outputType();
  }

  private StructType outputType() {
    return IdType.of(choice(idType, IdType.NAMES)).struct("input_ids", "labels");
  }

  @Override
  Column output(Dataset<?> dataset, Column input) {
    ShippedTokenizer tokenizer = tokenizer(dataset);
    TokenizerFolder folder = tokenizer.folder();
    ChatTemplate template =
        $(chatTemplate).isEmpty()
            ? ChatTemplates.ofTokenizer(folder)
            : ChatTemplates.named($(chatTemplate), folder, HadoopFileStore.ofEnvironment());
    ChatEncoding encoding =
        new ChatEncoding(
            template.source(),
            TemplateDate.now(),
            choice(mask, MASKS),
            (Integer) $(maxLength),
            choice(overlong, OVERLONG),
            (Boolean) $(addGenerationPrompt),
            choice(handleInvalid, INVALID).equals("error"),
            IdType.of(choice(idType, IdType.NAMES)));
    boolean text = input(dataset.schema()).dataType().equals(DataTypes.StringType);
    PerTask<ChatEncoding.Encoder> perTask = new PerTask<>(tokenizer, encoding::encoder);
    return new RowFunction<ChatEncoding.Encoder, Row>(
            perTask, (encoder, row) -> encoder.encode(row.getString(0)))
        .of(outputType(), text ? input : to_json(input));
  }

  @Override
  Dataset<Row> apply(Dataset<?> dataset) {
    Dataset<Row> encoded = super.apply(dataset);
    if (!choice(handleInvalid, INVALID).equals("skip")) {
      return encoded;
    }
    Column input = col(quoted(input(dataset.schema()).name()));
    return encoded.where(input.isNull().or(col(quoted(getOutputCol())).isNotNull()));
  }
}
