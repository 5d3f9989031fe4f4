package dev.anneal.spark.ml;

import dev.anneal.spark.ml.task.IdType;
import dev.anneal.spark.ml.task.PackingOptions;
import java.util.List;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.Identifiable;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * Samples to rows of at most {@code blockSize} ids. The output has other rows than the input, so it
 * holds its own columns alone, named as trainers read them: {@code input_ids}, {@code labels} where
 * the input has labels, {@code seq_lengths} where rows keep their samples apart.
 *
 * <p>The input column holds ids, or a struct with {@code input_ids} or {@code ids} and perhaps
 * {@code labels}, as {@link ChatTemplateEncoder} and {@link TextEncoder} make it. Null and empty
 * samples give nothing. Each partition is packed by itself, so that nothing is shuffled: the rows
 * depend on how the data is partitioned. The tokenize job gives the same rows however it is run.
 */
public final class SequencePacker extends AnnealStage<SequencePacker> {
  private static final List<String> PACKING = List.of("bfd", "bfd_split", "wrapped");
  private static final List<String> TAIL = List.of("keep", "drop");

  private final Param<String> labelsCol;
  private final Param<String> packing;
  private final Param<Object> blockSize;
  private final Param<String> tail;
  private final Param<Object> batchSize;
  private final Param<String> idType;

  public SequencePacker() {
    this(Identifiable.randomUID("sequencePacker"));
  }

  public SequencePacker(String uid) {
    super(uid);
    this.labelsCol = new Param<>(this, "labelsCol", "column of labels beside a column of ids");
    this.packing = new Param<>(this, "packing", "bfd, bfd_split or wrapped");
    this.blockSize = new IntParam(this, "blockSize", "most ids of a row");
    this.tail = new Param<>(this, "tail", "the last short row of wrapped: keep or drop");
    this.batchSize = new IntParam(this, "batchSize", "samples that bfd arranges at a time");
    this.idType = new Param<>(this, "idType", "type of the ids: int or bigint");
    setDefault(labelsCol, "");
    setDefault(packing, "bfd");
    setDefault(blockSize, 2048);
    setDefault(tail, "keep");
    setDefault(batchSize, 10_000);
    setDefault(idType, "int");
  }

  /** Reads one that was saved by {@code save}. */
  public static MLReader<SequencePacker> read() {
    return new DefaultParamsReader<>();
  }

  public static SequencePacker load(String path) {
    return read().load(path);
  }

  public Param<String> labelsCol() {
    return labelsCol;
  }

  public Param<String> packing() {
    return packing;
  }

  public Param<Object> blockSize() {
    return blockSize;
  }

  public Param<String> tail() {
    return tail;
  }

  public Param<Object> batchSize() {
    return batchSize;
  }

  public Param<String> idType() {
    return idType;
  }

  /** Labels beside a column of ids; as long as the ids. */
  public SequencePacker setLabelsCol(String value) {
    set(labelsCol, value);
    return this;
  }

  /**
   * {@code bfd} (default): best fit decreasing, longer samples cut; {@code bfd_split}: they go on
   * in another row; {@code wrapped}: one after another, cut every {@code blockSize} as if in one
   * piece.
   */
  public SequencePacker setPacking(String value) {
    set(packing, value);
    return this;
  }

  /** Most ids of a row; 2048. */
  public SequencePacker setBlockSize(int value) {
    set(blockSize, value);
    return this;
  }

  /**
   * Whether {@code wrapped} keeps the last, short row of a partition: {@code keep} or {@code drop}.
   */
  public SequencePacker setTail(String value) {
    set(tail, value);
    return this;
  }

  /** How many samples {@code bfd} holds and arranges at a time; 10,000. */
  public SequencePacker setBatchSize(int value) {
    set(batchSize, value);
    return this;
  }

  /** {@code int} (default) or {@code bigint}. */
  public SequencePacker setIdType(String value) {
    set(idType, value);
    return this;
  }

  public int getBlockSize() {
    return (Integer) $(blockSize);
  }

  /** The rows in place of the samples. */
  public Dataset<Row> pack(Dataset<?> dataset) {
    return transform(dataset);
  }

  @Override
  SequencePacker self() {
    return this;
  }

  @Override
  StructType checkedSchema(StructType schema) {
    atLeast(blockSize, 1);
    atLeast(batchSize, 1);
    choice(tail, TAIL);
    boolean boundaries = !choice(packing, PACKING).equals("wrapped");
    IdType type = IdType.of(choice(idType, IdType.NAMES));
    StructType output = new StructType().add("input_ids", type.array(), false);
    output = hasLabels(schema) ? output.add("labels", type.array(), false) : output;
    return boundaries ? output.add("seq_lengths", IdType.INT.array(), false) : output;
  }

  private boolean hasLabels(StructType schema) {
    StructField input = input(schema);
    if (input.dataType() instanceof StructType struct) {
      requireIds(input, idsField(input, struct));
      boolean labels = List.of(struct.fieldNames()).contains("labels");
      if (labels) {
        requireIds(input, struct.apply("labels"));
      }
      return labels;
    }
    requireIds(input, input);
    if ($(labelsCol).isEmpty()) {
      return false;
    }
    StructField labels = column(schema, labelsCol);
    if (!IdType.isIds(labels.dataType())) {
      throw wrongType(labels, labelsCol, "array<int> or array<bigint>");
    }
    return true;
  }

  private StructField idsField(StructField input, StructType struct) {
    for (String name : List.of("input_ids", "ids")) {
      if (List.of(struct.fieldNames()).contains(name)) {
        return struct.apply(name);
      }
    }
    throw wrongType(input, inputCol(), "a struct with input_ids or ids, or an array of ids");
  }

  private void requireIds(StructField input, StructField ids) {
    DataType type = ids.dataType();
    if (!IdType.isIds(type)) {
      throw wrongType(input, inputCol(), "array<int> or array<bigint>, or a struct with input_ids");
    }
  }

  @Override
  Dataset<Row> apply(Dataset<?> dataset) {
    StructType schema = dataset.schema();
    StructField field = input(schema);
    Column input = dataset.col(quoted(field.name()));
    boolean labels = hasLabels(schema);
    boolean struct = field.dataType() instanceof StructType;
    Column ids =
        struct ? input.getField(idsField(field, (StructType) field.dataType()).name()) : input;
    Dataset<Row> samples = dataset.select(ids.as("input_ids"));
    if (labels) {
      Column own =
          struct ? input.getField("labels") : dataset.col(quoted(column(schema, labelsCol).name()));
      samples = dataset.select(ids.as("input_ids"), own.as("labels"));
    }
    PackingOptions options =
        new PackingOptions(
            choice(packing, PACKING),
            getBlockSize(),
            choice(tail, TAIL).equals("keep"),
            (Integer) $(batchSize),
            labels,
            IdType.of(choice(idType, IdType.NAMES)));
    return samples.mapPartitions(options, Encoders.row(checkedSchema(schema)));
  }
}
