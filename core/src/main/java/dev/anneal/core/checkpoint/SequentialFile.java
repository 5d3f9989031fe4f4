package dev.anneal.core.checkpoint;

import dev.anneal.core.io.FileStore;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;

/** A file read mostly forwards: a seek forwards skips, a seek backwards opens it anew. */
final class SequentialFile implements AutoCloseable {
  private final FileStore store;
  private final String path;
  private InputStream in;
  private long position;

  SequentialFile(FileStore store, String path) {
    this.store = store;
    this.path = path;
  }

  void seek(long target) throws IOException {
    if (in == null || target < position) {
      close();
      in = store.open(path);
      position = 0;
    }
    in.skipNBytes(target - position);
    position = target;
  }

  void readFully(byte[] destination, int length) throws IOException {
    int read = in.readNBytes(destination, 0, length);
    position += read;
    if (read < length) {
      throw new EOFException("Cannot read " + path + ": it ends at byte " + position);
    }
  }

  @Override
  public void close() throws IOException {
    if (in != null) {
      in.close();
      in = null;
    }
  }
}
