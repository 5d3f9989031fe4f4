package dev.anneal.jobs.tokenize.map;

import dev.anneal.data.text.NGrams;
import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.task.JavaBytes;
import dev.anneal.jobs.tokenize.staging.DocumentIndexInput;
import dev.anneal.jobs.tokenize.staging.StagedFile;
import dev.anneal.jobs.tokenize.staging.StagedOutput;
import dev.anneal.jobs.tokenize.staging.StagedRows;
import dev.anneal.jobs.tokenize.staging.StagedSplit;
import dev.anneal.jobs.tokenize.tally.EncodedSample;
import dev.anneal.jobs.tokenize.tally.PhaseClock;
import dev.anneal.jobs.tokenize.tally.SplitCounts;
import dev.anneal.jobs.tokenize.tally.SplitStats;
import java.io.IOException;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.TaskCompletionListener;

/**
 * Staged documents in the order of hash(seed, number of the document in the corpus): the same for
 * any number of executors. Spark sorts the tokens themselves, and they are staged once more. A
 * document is held in memory whole.
 *
 * @param labels whether each document's labels follow its ids
 */
public record ShuffledStaging(HadoopFileStore store, String folder, boolean labels, long seed)
    implements Serializable {
  private static final StructType DOCUMENT =
      new StructType()
          .add("key", DataTypes.LongType, false)
          .add("number", DataTypes.LongType, false)
          .add("ids", DataTypes.BinaryType, false);

  /** What one task reads. */
  private record Source(String path, long firstNumber) implements Serializable {}

  /** The splits of the new order; where they are cut means nothing. */
  public List<StagedSplit> of(JavaSparkContext spark, List<StagedSplit> staged) {
    List<byte[]> sources = new ArrayList<>();
    long number = 0;
    for (StagedSplit split : staged) {
      sources.add(JavaBytes.of(new Source(split.path(), number)));
      number += split.counts().samples();
    }
    spark.sc().setJobDescription("shuffle documents");
    FlatMapFunction<byte[], Row> read = source -> read(JavaBytes.to(Source.class, source));
    MapPartitionsFunction<Row, byte[]> write = this::write;
    Dataset<Row> documents =
        SparkSession.builder()
            .sparkContext(spark.sc())
            .getOrCreate()
            .createDataFrame(spark.parallelize(sources, sources.size()).flatMap(read), DOCUMENT);
    List<StagedSplit> shuffled = new ArrayList<>();
    for (byte[] split :
        documents
            .orderBy("key", "number")
            .mapPartitions(write, Encoders.BINARY())
            .collectAsList()) {
      shuffled.add(JavaBytes.to(StagedSplit.class, split));
    }
    shuffled.sort(Comparator.comparingInt(StagedSplit::index));
    return shuffled;
  }

  private Iterator<Row> read(Source source) throws IOException {
    DocumentIndexInput index =
        new DocumentIndexInput(store.open(StagedFile.indexPath(source.path())));
    StagedRows rows = new StagedRows(store.open(source.path()), index, labels ? 2 : 1);
    TaskCompletionListener close = context -> rows.close();
    TaskContext.get().addTaskCompletionListener(close);
    return new Iterator<>() {
      private long number = source.firstNumber();

      @Override
      public boolean hasNext() {
        return rows.hasNext();
      }

      @Override
      public Row next() {
        long key = NGrams.mixed(seed ^ NGrams.mixed(number + 1));
        return RowFactory.create(key, number++, rows.next());
      }
    };
  }

  private Iterator<byte[]> write(Iterator<Row> documents) throws IOException {
    if (!documents.hasNext()) {
      return List.<byte[]>of().iterator();
    }
    int split = TaskContext.getPartitionId();
    String name = "shuffled-%06d".formatted(split);
    int[] lengths = new int[64];
    int count = 0;
    long tokens = 0;
    try (StagedOutput out = new StagedOutput(store, folder, name, new PhaseClock())) {
      while (documents.hasNext()) {
        int[] ids = ints(documents.next().getAs("ids"));
        int length = labels ? ids.length / 2 : ids.length;
        if (labels) {
          int[] after = Arrays.copyOfRange(ids, length, ids.length);
          out.accept(new EncodedSample.Tokens(Arrays.copyOf(ids, length), after, false));
        } else {
          out.accept(ids, length);
        }
        lengths = count < lengths.length ? lengths : Arrays.copyOf(lengths, 2 * count);
        lengths[count++] = length;
        tokens += length;
        out.endDocument(0, count);
      }
      out.finish();
      out.keep();
      SplitCounts counts = new SplitCounts(count, tokens, 0, 0, 0, Map.of(), Map.of());
      int[] ofSamples = labels ? Arrays.copyOf(lengths, count) : new int[0];
      StagedSplit staged =
          new StagedSplit(
              split,
              out.path(),
              counts,
              ofSamples,
              new long[0],
              SplitStats.zero(),
              List.of(),
              false);
      return List.of(JavaBytes.of(staged)).iterator();
    }
  }

  private static int[] ints(byte[] bytes) {
    int[] ints = new int[bytes.length / Integer.BYTES];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().get(ints);
    return ints;
  }
}
