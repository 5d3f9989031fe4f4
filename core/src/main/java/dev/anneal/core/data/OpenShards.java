package dev.anneal.core.data;

import dev.anneal.core.io.BufferedRanges;
import dev.anneal.core.io.FileRanges;
import dev.anneal.core.io.FileStore;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/**
 * The shards of a folder of elsewhere that were read last, open. Thread-safe: one reader at a time.
 * Owns the open files, borrows the folder.
 */
final class OpenShards implements AutoCloseable {
  /** A batch's header and the offsets of its rows come in one request. */
  private static final int HEADER_BYTES = 1 << 16;

  private final ShardFiles folder;
  private final int vocabularySize;
  private final Map<String, Open> open = new LinkedHashMap<>(16, 0.75f, true);

  private record Open(ShardFile rows, FileRanges bytes) {}

  OpenShards(ShardFiles folder, int vocabularySize) {
    this.folder = folder;
    this.vocabularySize = vocabularySize;
  }

  String name(String file) {
    return FileStore.join(folder.folder(), file);
  }

  synchronized TokenRow row(FetchedShard shard, long row) {
    Open found = open.get(shard.file());
    if (found == null) {
      try {
        found = open(shard);
      } catch (IOException e) {
        throw failed(shard.file(), e);
      }
    }
    return found.rows().row(row);
  }

  private Open open(FetchedShard shard) throws IOException {
    FileRanges bytes = folder.fetch(shard.file(), shard.sha256());
    try {
      ShardFile rows = ShardFile.open(shard.name(), bytes, vocabularySize);
      ShardFolder.requireRows(shard.name(), rows.rowCount(), shard.rowCount());
      Open opened = new Open(rows, bytes);
      open.put(shard.file(), opened);
      closeOldest();
      return opened;
    } catch (IOException | RuntimeException e) {
      bytes.close();
      throw e;
    }
  }

  private void closeOldest() throws IOException {
    Iterator<Open> oldest = open.values().iterator();
    while (open.size() > folder.openAtOnce()) {
      Open closed = oldest.next();
      oldest.remove();
      closed.bytes().close();
    }
  }

  void expect(FetchedShard shard) {
    folder.expect(shard.file(), shard.sha256());
  }

  /** What can be told from the headers of a file that is not fetched for it. */
  <T> T withHeaders(String file, Function<ShardFile, T> reader) {
    try (FileRanges bytes = new BufferedRanges(folder.ranges(file), HEADER_BYTES)) {
      return reader.apply(ShardFile.open(name(file), bytes, vocabularySize));
    } catch (IOException e) {
      throw failed(file, e);
    }
  }

  /** Reads the offsets of all rows, once a machine. */
  RowLengths lengths(FetchedShard shard) {
    try {
      Path lengths =
          folder.derived(
              shard.file() + ".lengths",
              out ->
                  withHeaders(
                      shard.file(),
                      headers -> {
                        write(headers, out);
                        return headers;
                      }));
      try (FileChannel channel = FileChannel.open(lengths, StandardOpenOption.READ)) {
        return RowLengths.of(
            channel
                .map(FileChannel.MapMode.READ_ONLY, 0, channel.size())
                .order(ByteOrder.LITTLE_ENDIAN)
                .asIntBuffer());
      }
    } catch (IOException e) {
      throw failed(shard.file(), e);
    }
  }

  private static void write(ShardFile headers, OutputStream out) {
    ByteBuffer number = ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    try {
      for (long row = 0; row < headers.rowCount(); row++) {
        out.write(number.putInt(0, headers.length(row)).array());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private UncheckedIOException failed(String file, IOException e) {
    String message = String.valueOf(e.getMessage());
    return new UncheckedIOException(
        message.startsWith("Cannot ") ? message : "Cannot read " + name(file) + ": " + message, e);
  }

  @Override
  public synchronized void close() throws IOException {
    for (Open each : open.values()) {
      each.bytes().close();
    }
    open.clear();
  }
}
