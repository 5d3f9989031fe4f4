package dev.anneal.data.read;

import dev.anneal.core.format.FormatException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Gathers the bytes of one long row whose length is not known before its end, and gives them in one
 * array of just that size: never a growing array, which would need the memory twice. Beyond {@link
 * #HEAP_BYTES} they wait in a temporary file. Confined to one thread; owns that file.
 */
final class LongContent implements AutoCloseable {
  /** The longest row that one array holds. */
  static final int MAX_BYTES = Integer.MAX_VALUE - 8;

  private static final int CHUNK_BYTES = 1 << 20;
  private static final long HEAP_BYTES = 16L << 20;

  private final long maxBytes;
  private final List<byte[]> chunks = new ArrayList<>();
  private Optional<Path> file = Optional.empty();
  private OutputStream fileOut = OutputStream.nullOutputStream();
  private long length;

  LongContent() {
    this(MAX_BYTES);
  }

  /** With a smaller limit, for tests. */
  LongContent(long maxBytes) {
    this.maxBytes = maxBytes;
  }

  /** All bytes so far, also those that are not kept because there are too many. */
  long length() {
    return length;
  }

  /** Whether an array can hold them. */
  boolean fits() {
    return length <= maxBytes;
  }

  void append(byte[] source, int start, int end) throws IOException {
    for (int at = start; at < end; ) {
      int count = Math.min(end - at, CHUNK_BYTES - (int) (length % CHUNK_BYTES));
      if (length < HEAP_BYTES) {
        if (length % CHUNK_BYTES == 0) {
          chunks.add(new byte[CHUNK_BYTES]);
        }
        byte[] chunk = chunks.get(chunks.size() - 1);
        System.arraycopy(source, at, chunk, (int) (length % CHUNK_BYTES), count);
      } else if (length + count <= maxBytes) {
        spill(source, at, count);
      }
      length += count;
      at += count;
    }
  }

  private void spill(byte[] source, int start, int count) throws IOException {
    if (file.isEmpty()) {
      file = Optional.of(Files.createTempFile("anneal-long-row", ".bytes"));
      fileOut = Files.newOutputStream(file.get());
    }
    fileOut.write(source, start, count);
  }

  /** The bytes, all of them; only where {@link #fits}. */
  byte[] toArray() throws IOException {
    if (length > Runtime.getRuntime().maxMemory() / 10 * 9) {
      throw new FormatException(
          "a row has %d bytes, more than a heap of %d bytes takes (raise spark.executor.memory, or"
                  .formatted(length, Runtime.getRuntime().maxMemory())
              + " spark.driver.memory in local mode)");
    }
    byte[] content = new byte[(int) length];
    int filled = 0;
    for (int i = 0; i < chunks.size(); i++) {
      int count = Math.min(CHUNK_BYTES, content.length - filled);
      System.arraycopy(chunks.get(i), 0, content, filled, count);
      filled += count;
    }
    chunks.clear();
    if (file.isPresent()) {
      fileOut.close();
      try (InputStream in = Files.newInputStream(file.get())) {
        // In pieces: one large read would take as much memory outside the heap.
        while (filled < content.length) {
          int count = Math.min(CHUNK_BYTES, content.length - filled);
          if (in.readNBytes(content, filled, count) < count) {
            throw new IOException("Cannot read " + file.get() + ": it is shorter than it was");
          }
          filled += count;
        }
      }
    }
    return content;
  }

  @Override
  public void close() throws IOException {
    fileOut.close();
    if (file.isPresent()) {
      Files.deleteIfExists(file.get());
    }
  }
}
