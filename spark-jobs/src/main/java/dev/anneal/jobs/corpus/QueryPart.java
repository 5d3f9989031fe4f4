package dev.anneal.jobs.corpus;

import dev.anneal.core.io.FileStore;
import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.task.TaskMeter;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.List;
import java.util.UUID;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;

/**
 * Writes a partition of a query's rows, lines of JSON, into a file of its own, in its place at
 * once: nothing is renamed. Its result is name and size. Serializable, stateless.
 */
record QueryPart(HadoopFileStore store, String folder)
    implements MapPartitionsFunction<Row, String> {
  private static final int BUFFER = 1 << 16;

  @Override
  public Iterator<String> call(Iterator<Row> rows) throws IOException {
    if (!rows.hasNext()) {
      return List.<String>of().iterator();
    }
    String name = "part-%06d-%s.jsonl".formatted(TaskContext.getPartitionId(), UUID.randomUUID());
    TaskMeter meter = TaskMeter.ofThread();
    String path = FileStore.join(folder, name);
    long bytes = 0;
    long count = 0;
    try (OutputStream out = new BufferedOutputStream(store.createUnmarked(path), BUFFER)) {
      while (rows.hasNext()) {
        byte[] line = (rows.next().getString(0) + "\n").getBytes(StandardCharsets.UTF_8);
        out.write(line);
        bytes += line.length;
        count++;
      }
    }
    meter.wrote(bytes, count);
    return List.of(bytes + " " + name).iterator();
  }
}
