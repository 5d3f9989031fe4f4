package dev.anneal.jobs.read;

import dev.anneal.data.read.RowReader;
import dev.anneal.data.read.SourceRow;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.hive.ql.exec.vector.VectorizedRowBatch;
import org.apache.orc.OrcFile;
import org.apache.orc.Reader;
import org.apache.orc.RecordReader;
import org.apache.orc.TypeDescription;

/**
 * The rows of an ORC file as JSON objects, in the order of the file, a batch of columns at a time.
 * Confined to one thread; closing closes the file.
 */
public final class OrcRows implements RowReader, AutoCloseable {
  private final Reader file;
  private final Set<String> read;
  private final OrcValues values;
  private final RecordReader reader;
  private final VectorizedRowBatch batch;
  private int at;
  private long rows;

  private OrcRows(Reader file, RowColumns chosen) throws IOException {
    this.file = file;
    this.values = new OrcValues(chosen);
    this.read = Set.copyOf(chosen.of(file.getSchema().getFieldNames(), name -> true));
    this.reader = file.rows(file.options().include(included(file.getSchema(), read)));
    this.batch = file.getSchema().createRowBatch();
  }

  /** Opens a file wherever Hadoop's settings reach. */
  public static OrcRows open(Configuration configuration, String uri, RowColumns chosen)
      throws IOException {
    Reader file = OrcFile.createReader(new Path(uri), OrcFile.readerOptions(configuration));
    try {
      return new OrcRows(file, chosen);
    } catch (IOException | RuntimeException e) {
      file.close();
      throw e;
    }
  }

  /** A flag for each type of a file by its number: the root, the columns and all they hold. */
  private static boolean[] included(TypeDescription schema, Set<String> names) {
    boolean[] included = new boolean[schema.getMaximumId() + 1];
    included[schema.getId()] = true;
    for (int i = 0; i < schema.getChildren().size(); i++) {
      TypeDescription column = schema.getChildren().get(i);
      boolean taken = names.contains(schema.getFieldNames().get(i));
      Arrays.fill(included, column.getId(), column.getMaximumId() + 1, taken);
    }
    return included;
  }

  @Override
  public Optional<SourceRow> next() throws IOException {
    if (at == batch.size) {
      at = 0;
      if (!reader.nextBatch(batch)) {
        batch.size = 0;
        return Optional.empty();
      }
    }
    String row = values.row(file.getSchema(), read, batch.cols, at++).toString();
    rows++;
    return Optional.of(new SourceRow(rows, row.getBytes(StandardCharsets.UTF_8)));
  }

  @Override
  public long rowCount() {
    return rows;
  }

  @Override
  public void close() throws IOException {
    try {
      reader.close();
    } finally {
      file.close();
    }
  }
}
