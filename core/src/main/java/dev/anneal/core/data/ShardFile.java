package dev.anneal.core.data;

import dev.anneal.core.io.FileRanges;
import java.io.IOException;
import java.io.UncheckedIOException;
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
 * One Arrow stream file. A file in place is memory-mapped: rows are read where they lie, nothing is
 * loaded ahead, and the mapping is released once nothing refers to it. Any other is read by ranges
 * that its owner closes. Immutable and thread-safe.
 */
final class ShardFile implements Shard {
  // Neighbouring batches share a mapping: one each would run into the kernel's limit on mappings.
  private static final long WINDOW_BYTES = 1L << 30;

  private final String name;
  private final ShardRows rows;
  private final RecordBatchView[] batches;
  private final long[] firstRows;

  private ShardFile(String name, ShardRows rows, List<RecordBatchView> batches) {
    this.name = name;
    this.rows = rows;
    this.batches = batches.toArray(RecordBatchView[]::new);
    this.firstRows = new long[batches.size() + 1];
    for (int i = 0; i < this.batches.length; i++) {
      firstRows[i + 1] = firstRows[i] + this.batches[i].rows();
    }
  }

  /** Maps a file of this machine. */
  static ShardFile open(Path path, int vocabularySize) {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      return open(
          path.toString(),
          FileRanges.of(channel),
          vocabularySize,
          batches -> map(channel, batches));
    } catch (NoSuchFileException e) {
      throw new InvalidShardException("Cannot read " + path + ": no such file", e);
    } catch (IOException e) {
      throw new InvalidShardException("Cannot read " + path + ": " + e.getMessage(), e);
    }
  }

  /** Reads a file by ranges, which must stay open as long as rows are read. Borrows them. */
  static ShardFile open(String name, FileRanges ranges, int vocabularySize) throws IOException {
    return open(name, ranges, vocabularySize, batches -> views(name, ranges, batches));
  }

  /** Makes views of batches. */
  private interface Views {
    List<RecordBatchView> of(List<RecordBatchIndex> batches) throws IOException;
  }

  private static ShardFile open(String name, FileRanges ranges, int vocabularySize, Views views)
      throws IOException {
    try {
      ArrowStream.Index index = ArrowStream.index(ranges);
      ShardRows rows = ShardRows.of(index.schema(), vocabularySize);
      return new ShardFile(name, rows, views.of(index.batches()));
    } catch (IllegalArgumentException e) {
      throw new InvalidShardException("Cannot read " + name + ": " + e.getMessage(), e);
    } catch (IndexOutOfBoundsException | ClassCastException | NegativeArraySizeException e) {
      // What the flatbuffer classes throw on arbitrary bytes.
      throw new InvalidShardException("Cannot read " + name + ": it is no Arrow stream", e);
    }
  }

  private static List<RecordBatchView> views(
      String name, FileRanges ranges, List<RecordBatchIndex> indexes) {
    List<RecordBatchView> views = new ArrayList<>(indexes.size());
    for (RecordBatchIndex index : indexes) {
      views.add(
          new RecordBatchView(
              (start, length) -> read(name, ranges, index.bodyPosition() + start, length), index));
    }
    return views;
  }

  private static ByteBuffer read(String name, FileRanges ranges, long position, int length) {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    try {
      ranges.read(position, bytes);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + name + ": " + e.getMessage(), e);
    }
    return bytes.flip();
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
        views.add(new RecordBatchView(body::slice, index));
      }
    }
    return views;
  }

  private static long end(RecordBatchIndex index) {
    return index.bodyPosition() + index.bodyLength();
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public long rowCount() {
    return firstRows[batches.length];
  }

  @Override
  public TokenRow row(long row) {
    int batch = batch(row);
    try {
      return rows.read(batches[batch], (int) (row - firstRows[batch]));
    } catch (IllegalArgumentException e) {
      throw invalid(row, e);
    }
  }

  @Override
  public int length(long row) {
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
    return new InvalidRowException("Invalid row " + row + " of " + name + ": " + e.getMessage(), e);
  }

  @Override
  public List<String> columns() {
    return rows.columns();
  }

  /** It is here already. */
  @Override
  public void expect() {}
}
