package dev.anneal.jobs.tokenize;

import com.github.luben.zstd.ZstdInputStream;
import dev.anneal.core.config.InputConfig;
import dev.anneal.core.format.FormatException;
import dev.anneal.data.read.JsonRows;
import dev.anneal.data.read.LineReader;
import dev.anneal.data.read.RowReader;
import dev.anneal.data.read.SourceRow;
import dev.anneal.data.read.WholeFileReader;
import dev.anneal.jobs.io.HadoopFileStore;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import java.util.zip.ZipException;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.compress.CompressionCodec;
import org.apache.hadoop.io.compress.CompressionCodecFactory;

/** The rows of a slice, decompressed, whatever the format. Confined to one thread. */
final class SliceRows implements RowReader, AutoCloseable {
  private final FileSlice slice;
  private final AutoCloseable source;
  private final RowReader rows;

  private SliceRows(FileSlice slice, AutoCloseable source, RowReader rows) {
    this.slice = slice;
    this.source = source;
    this.rows = rows;
  }

  static SliceRows open(HadoopFileStore store, FileSlice slice) throws IOException {
    try {
      if (slice.file().format() == InputConfig.Format.PARQUET) {
        ParquetRows rows = ParquetRows.open(store.configuration(), slice.file().uri());
        return new SliceRows(slice, rows, rows);
      }
      InputStream in = stream(store, slice);
      return new SliceRows(slice, in, reader(slice, in));
    } catch (IOException | RuntimeException e) {
      throw unreadable(slice, e);
    }
  }

  private static RowReader reader(FileSlice slice, InputStream in) throws IOException {
    return switch (slice.file().format()) {
      case TEXT -> new WholeFileReader(in);
      case LINES -> LineReader.range(in, slice.start(), slice.end());
      case JSONL ->
          FormatGuess.mayBeArray(slice.file().path())
              ? JsonRows.arrayOrLines(in)
              : LineReader.range(in, slice.start(), slice.end());
      case PARQUET, AUTO -> throw new IllegalStateException("no stream for " + slice.file());
    };
  }

  private static InputStream stream(HadoopFileStore store, FileSlice slice) throws IOException {
    String uri = slice.file().uri();
    InputStream in = store.openAt(uri, Math.max(0, slice.start() - 1));
    if (FormatGuess.extension(uri).equals("zst")) {
      // Hadoop's codec needs its native library; Spark brings this one.
      return new ZstdInputStream(in).setContinuous(false);
    }
    CompressionCodec codec =
        new CompressionCodecFactory(store.configuration()).getCodec(new Path(uri));
    return codec == null ? in : codec.createInputStream(in);
  }

  @Override
  public Optional<SourceRow> next() throws IOException {
    try {
      return rows.next();
    } catch (IOException | RuntimeException e) {
      throw unreadable(slice, e);
    }
  }

  @Override
  public long rowCount() {
    return rows.rowCount();
  }

  @Override
  public void close() throws IOException {
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
    String message = "Cannot read " + slice.file().display() + ": " + reason(e);
    boolean damaged =
        e instanceof EOFException
            || e instanceof ZipException
            || e instanceof FormatException
            || e instanceof RuntimeException;
    if (damaged) {
      return new FormatException(message, e);
    }
    return new IOException(message, e);
  }

  private static String reason(Exception e) {
    return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
  }
}
