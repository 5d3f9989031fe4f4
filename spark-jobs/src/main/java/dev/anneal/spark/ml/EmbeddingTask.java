package dev.anneal.spark.ml;

import dev.anneal.jobs.placement.NativeFolder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.apache.spark.SparkFiles;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.util.TaskCompletionListener;

/**
 * Adds the vectors of a partition's texts, a batch at a time; one model a task. Immutable.
 *
 * @param folder the model's, on this host; or else its name among the files that Spark sent along
 * @param sent whether Spark sent the folder along
 * @param field index of the texts
 */
record EmbeddingTask(
    String folder,
    boolean sent,
    int field,
    int batchSize,
    Pooling pooling,
    int maxLength,
    NativeFolder natives)
    implements MapPartitionsFunction<Row, Row> {

  @Override
  public Iterator<Row> call(Iterator<Row> rows) {
    if (!rows.hasNext()) {
      return rows;
    }
    natives.require();
    TaskContext task = TaskContext.get();
    Path path = Path.of(sent ? SparkFiles.get(folder) : folder);
    int threads = Math.max(1, task.cpus());
    EmbeddingModel model =
        EmbeddingModel.open(path, new EmbeddingModel.Settings(pooling, maxLength, threads));
    task.addTaskCompletionListener((TaskCompletionListener) ended -> model.close());
    return new Embedded(rows, model);
  }

  /** Confined to the task's thread. */
  private final class Embedded implements Iterator<Row> {
    private final Iterator<Row> rows;
    private final EmbeddingModel model;
    private Iterator<Row> done = List.<Row>of().iterator();

    Embedded(Iterator<Row> rows, EmbeddingModel model) {
      this.rows = rows;
      this.model = model;
    }

    @Override
    public boolean hasNext() {
      return done.hasNext() || rows.hasNext();
    }

    @Override
    public Row next() {
      if (!done.hasNext()) {
        done = batch().iterator();
      }
      return done.next();
    }

    private List<Row> batch() {
      List<Row> batch = new ArrayList<>();
      while (batch.size() < batchSize && rows.hasNext()) {
        batch.add(rows.next());
      }
      List<String> texts = new ArrayList<>();
      batch.forEach(row -> texts.add(row.isNullAt(field) ? "" : row.getString(field)));
      List<Optional<float[]>> vectors = model.embed(texts);
      List<Row> embedded = new ArrayList<>();
      for (int i = 0; i < batch.size(); i++) {
        boolean isNull = batch.get(i).isNullAt(field);
        embedded.add(with(batch.get(i), isNull ? Optional.empty() : vectors.get(i)));
      }
      return embedded;
    }

    private static Row with(Row row, Optional<float[]> vector) {
      Object[] values = new Object[row.size() + 1];
      for (int i = 0; i < row.size(); i++) {
        values[i] = row.get(i);
      }
      values[row.size()] = vector.orElse(null);
      return RowFactory.create(values);
    }
  }
}
