package dev.anneal.core.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * One Arrow stream file, memory-mapped: rows are read where they lie, nothing is loaded ahead.
 * Immutable and thread-safe. The mapping is released once nothing refers to it.
 */
final class ShardFile {
  // Neighbouring batches share a mapping: one each would run into the kernel's limit on mappings.
  private static final long WINDOW_BYTES = 1L << 30;

  private final Path path;
  private final ShardRows rows;
  private final RecordBatchView[] batches;
  private final long[] firstRows;

  private ShardFile(Path path, ShardRows rows, List<RecordBatchView> batches) {
    this.path = path;
    this.rows = rows;
    this.batches = batches.toArray(RecordBatchView[]::new);
    this.firstRows = new long[batches.size() + 1];
    for (int i = 0; i < this.batches.length; i++) {
      firstRows[i + 1] = firstRows[i] + this.batches[i].rows();
    }
  }

  static ShardFile open(Path path, int vocabularySize) {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      ArrowStream.Index index = ArrowStream.index(channel);
      ShardRows rows = ShardRows.of(index.schema(), vocabularySize);
      return new ShardFile(path, rows, map(channel, index.batches()));
    } catch (NoSuchFileException e) {
      throw new InvalidShardException("Cannot read " + path + ": no such file", e);
    } catch (IOException | IllegalArgumentException e) {
      throw new InvalidShardException("Cannot read " + path + ": " + e.getMessage(), e);
    } catch (IndexOutOfBoundsException | ClassCastException | NegativeArraySizeException e) {
      // What the flatbuffer classes throw on arbitrary bytes.
      throw new InvalidShardException("Cannot read " + path + ": it is no Arrow stream", e);
    }
  }

  private static List<RecordBatchView> map(FileChannel channel, List<RecordBatchIndex> indexes)
      throws IOException {
    List<RecordBatchView> views = new ArrayList<>(indexes.size());
    int first = 0;
    while (first < indexes.size()) {
      long start = indexes.get(first).bodyPosition();
      int last = first;
      while (last + 1 < indexes.size() && end(indexes.get(last + 1)) - start <= WINDOW_BYTES) {
        last++;
      }
      long length = end(indexes.get(last)) - start;
      MappedByteBuffer window = channel.map(FileChannel.MapMode.READ_ONLY, start, length);
      for (; first <= last; first++) {
        RecordBatchIndex index = indexes.get(first);
        ByteBuffer body = window.slice((int) (index.bodyPosition() - start), index.bodyLength());
        views.add(new RecordBatchView(body, index));
      }
    }
    return views;
  }

  private static long end(RecordBatchIndex index) {
    return index.bodyPosition() + index.bodyLength();
  }

  Path path() {
    return path;
  }

  long rowCount() {
    return firstRows[batches.length];
  }

  TokenRow row(long row) {
    int batch = batch(row);
    try {
      return rows.read(batches[batch], (int) (row - firstRows[batch]));
    } catch (IllegalArgumentException e) {
      throw invalid(row, e);
    }
  }

  /** Tokens of a row, without decoding it. */
  int length(long row) {
    int batch = batch(row);
    try {
      return rows.length(batches[batch], (int) (row - firstRows[batch]));
    } catch (IllegalArgumentException e) {
      throw invalid(row, e);
    }
  }

  private int batch(long row) {
    int found = Arrays.binarySearch(firstRows, row);
    int batch = found >= 0 ? found : -found - 2;
    while (batch < batches.length && batches[batch].rows() == 0) {
      batch++; // an empty batch shares its first row with the next one
    }
    return batch;
  }

  private InvalidRowException invalid(long row, IllegalArgumentException e) {
    return new InvalidRowException("Invalid row " + row + " of " + path + ": " + e.getMessage(), e);
  }

  /** The columns that this file has, in the order of our own layout. */
  List<String> columns() {
    return rows.columns();
  }
}
