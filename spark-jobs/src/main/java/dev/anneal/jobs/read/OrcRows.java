package dev.anneal.jobs.read;

import dev.anneal.data.read.RowReader;
import dev.anneal.data.read.SourceRow;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.hive.ql.exec.vector.VectorizedRowBatch;
import org.apache.orc.OrcFile;
import org.apache.orc.Reader;
import org.apache.orc.RecordReader;

/**
 * The rows of an ORC file as JSON objects, in the order of the file, a batch of columns at a time.
 * Confined to one thread; closing closes the file.
 */
public final class OrcRows implements RowReader, AutoCloseable {
  private final Reader file;
  private final RecordReader reader;
  private final VectorizedRowBatch batch;
  private int at;
  private long rows;

  private OrcRows(Reader file, RecordReader reader) {
    this.file = file;
    this.reader = reader;
    this.batch = file.getSchema().createRowBatch();
  }

  /** Opens a file wherever Hadoop's settings reach. */
  public static OrcRows open(Configuration configuration, String uri) throws IOException {
    Reader file = OrcFile.createReader(new Path(uri), OrcFile.readerOptions(configuration));
    try {
      return new OrcRows(file, file.rows());
    } catch (IOException | RuntimeException e) {
      file.close();
      throw e;
    }
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
    String row = OrcValues.row(file.getSchema(), batch.cols, at++).toString();
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
