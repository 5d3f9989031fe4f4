package dev.anneal.jobs.corpus;

import dev.anneal.core.format.FormatException;
import dev.anneal.data.read.JsonFileRows;
import dev.anneal.data.read.LineReader;
import dev.anneal.data.read.RowReader;
import dev.anneal.data.read.SourceRow;
import dev.anneal.data.read.WellFormedUtf8;
import dev.anneal.data.read.WholeFileReader;
import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.read.ArrowRows;
import dev.anneal.jobs.read.Decompression;
import dev.anneal.jobs.read.OrcRows;
import dev.anneal.jobs.read.ParquetRows;
import dev.anneal.jobs.read.RowColumns;
import dev.anneal.jobs.task.TaskMeter;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Locale;
import java.util.Optional;
import org.apache.orc.FileFormatException;
import org.apache.spark.TaskKilledException;

/** The rows of a slice, decompressed, whatever the format. Confined to one thread. */
public final class SliceRows implements RowReader, AutoCloseable {
  private final HadoopFileStore store;
  private final FileSlice slice;
  private final AutoCloseable source;
  private final RowReader rows;
  private final TaskMeter meter;
  private boolean begun;

  private SliceRows(Opening opening, AutoCloseable source, RowReader rows) {
    this.store = opening.store();
    this.slice = opening.slice();
    this.meter = opening.meter();
    this.source = source;
    this.rows = rows;
  }

  /** What is opened; the meter counts from before the first byte. */
  private record Opening(HadoopFileStore store, FileSlice slice, TaskMeter meter) {}

  /**
   * Opens a slice.
   *
   * @param columns of a table; other formats have all that stands in a row
   */
  public static SliceRows open(HadoopFileStore store, FileSlice slice, RowColumns columns)
      throws IOException {
    Opening opening = new Opening(store, slice, TaskMeter.ofThread());
    try {
      return switch (slice.file().format()) {
        case PARQUET ->
            of(opening, ParquetRows.open(store.configuration(), slice.file().uri(), columns));
        case ORC -> of(opening, OrcRows.open(store.configuration(), slice.file().uri(), columns));
        case ARROW -> of(opening, ArrowRows.open(stream(store, slice), columns));
        case JSONL, TEXT, LINES, AUTO -> {
          InputStream in = stream(store, slice);
          yield new SliceRows(opening, in, reader(slice, in));
        }
      };
    } catch (IOException | RuntimeException e) {
      throw unreadable(slice, e);
    }
  }

  private static <T extends RowReader & AutoCloseable> SliceRows of(Opening opening, T rows) {
    return new SliceRows(opening, rows, rows);
  }

  private static RowReader reader(FileSlice slice, InputStream in) throws IOException {
    return switch (slice.file().format()) {
      case TEXT -> new WholeFileReader(in);
      case LINES -> LineReader.range(in, slice.start(), slice.end());
      case JSONL ->
          FormatGuess.mayBeArray(slice.file().path())
              ? new JsonFileRows(in)
              : LineReader.range(in, slice.start(), slice.end());
      case PARQUET, ORC, ARROW, AUTO ->
          throw new IllegalStateException("no stream for " + slice.file());
    };
  }

  private static InputStream stream(HadoopFileStore store, FileSlice slice) throws IOException {
    return Decompression.open(store, slice.file().uri(), Math.max(0, slice.start() - 1));
  }

  @Override
  public Optional<SourceRow> next() throws IOException {
    try {
      Optional<SourceRow> row = rows.next();
      if (!begun && slice.start() > 0 && row.isPresent() && !isText(row.get())) {
        Decompression.requirePlain(store, slice.file().uri());
      }
      begun = true;
      if (row.isPresent()) {
        meter.row();
      }
      return row;
    } catch (TaskKilledException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      throw unreadable(slice, e);
    }
  }

  /** A slice from the midst of a file says nothing of a compression that the name does not tell. */
  private static boolean isText(SourceRow row) {
    return WellFormedUtf8.isText(row.bytes(), row.start(), row.end());
  }

  @Override
  public long rowCount() {
    return rows.rowCount();
  }

  @Override
  public void close() throws IOException {
    meter.read();
    try {
      source.close();
    } catch (IOException e) {
      throw e;
    } catch (Exception e) {
      throw new IOException(e);
    }
  }

  /** Damage is the data's fault; everything else may be the network's. */
  private static IOException unreadable(FileSlice slice, Exception e) {
    String message = "Cannot read " + slice.file().display() + ": " + reason(e) + format(slice);
    boolean damaged =
        e instanceof EOFException
            || e instanceof FormatException
            || e instanceof FileFormatException
            || e instanceof RuntimeException;
    if (damaged) {
      return new FormatException(message, e);
    }
    return new IOException(message, e);
  }

  /** The format is the first thing to look at where a container cannot be read. */
  private static String format(FileSlice slice) {
    return switch (slice.file().format()) {
      case PARQUET, ORC, ARROW ->
          " (tokenize.inputs[%d].format = %s)"
              .formatted(
                  slice.file().input(), slice.file().format().name().toLowerCase(Locale.ROOT));
      case JSONL, TEXT, LINES, AUTO -> "";
    };
  }

  private static String reason(Exception e) {
    return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
  }
}
