package dev.anneal.jobs.tokenize.choose;

import dev.anneal.data.config.TokenizeConfig;
import dev.anneal.data.read.SourceRow;
import dev.anneal.jobs.corpus.CorpusSplit;
import dev.anneal.jobs.corpus.FileSlice;
import dev.anneal.jobs.corpus.InputColumns;
import dev.anneal.jobs.corpus.RowAddress;
import dev.anneal.jobs.corpus.SliceRows;
import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.prepare.DocumentSteps;
import dev.anneal.jobs.task.JavaBytes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.TaskCompletionListener;

/**
 * The texts of a corpus as a Dataset, read split by split, with their {@link RowAddress} as id.
 * Serializable, stateless.
 */
record CorpusTexts(HadoopFileStore store, TokenizeConfig config)
    implements FlatMapFunction<byte[], Row> {
  private static final StructType SCHEMA =
      new StructType()
          .add(DocumentSteps.ID, DataTypes.LongType, false)
          .add(DocumentSteps.TEXT, DataTypes.StringType, false);

  /** The texts of splits of the first pass; rows without a text are left out. */
  Dataset<Row> read(JavaSparkContext spark, List<CorpusSplit> splits) {
    List<byte[]> bytes = new ArrayList<>();
    splits.forEach(split -> bytes.add(JavaBytes.of(split)));
    SparkSession session = SparkSession.builder().sparkContext(spark.sc()).getOrCreate();
    return session.createDataFrame(
        spark.parallelize(bytes, Math.max(1, bytes.size())).flatMap(this), SCHEMA);
  }

  @Override
  public Iterator<Row> call(byte[] split) {
    return new Texts(JavaBytes.to(CorpusSplit.class, split));
  }

  /** Reads on as it is asked. Confined to one thread; closes the open slice with the task. */
  private final class Texts implements Iterator<Row> {
    private final CorpusSplit split;
    private final StepsText text;
    private int slice = -1;
    private Optional<SliceRows> open = Optional.empty();
    private Optional<Row> next = Optional.empty();

    Texts(CorpusSplit split) {
      this.split = split;
      this.text = StepsText.of(config.stage(), config.inputs().get(split.input()));
      TaskCompletionListener close = context -> close();
      TaskContext.get().addTaskCompletionListener(close);
    }

    @Override
    public boolean hasNext() {
      try {
        while (next.isEmpty() && (open.isPresent() || slice + 1 < split.slices().size())) {
          advance();
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return next.isPresent();
    }

    private void advance() throws IOException {
      if (open.isEmpty()) {
        FileSlice following = split.slices().get(++slice);
        open =
            Optional.of(SliceRows.open(store, following, new InputColumns(config).of(following)));
      }
      Optional<SourceRow> row = open.get().next();
      if (row.isEmpty()) {
        open.get().close();
        open = Optional.empty();
        return;
      }
      RowAddress address = new RowAddress(split.index(), slice, row.get().number());
      next =
          text.of(row.get(), split.slices().get(slice).file().format())
              .map(found -> RowFactory.create(address.id(), found));
    }

    private void close() {
      try {
        if (open.isPresent()) {
          open.get().close();
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public Row next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      Row row = next.get();
      next = Optional.empty();
      return row;
    }
  }
}
