package dev.anneal.core.io;

import java.io.FilterInputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.Optional;

/**
 * A store that tells when bytes of its files have moved, so that whoever watches can tell long
 * reading and writing from a process that hangs. Thread-safe where the store and the listener are.
 */
public final class ProgressStore implements FileStore {
  private final FileStore store;
  private final Runnable moved;

  /**
   * @param moved called after every read and write; must be quick
   */
  public ProgressStore(FileStore store, Runnable moved) {
    this.store = store;
    this.moved = moved;
  }

  @Override
  public InputStream open(String path) throws IOException {
    return new FilterInputStream(store.open(path)) {
      @Override
      public int read() throws IOException {
        int value = in.read();
        moved.run();
        return value;
      }

      @Override
      public int read(byte[] bytes, int offset, int length) throws IOException {
        int count = in.read(bytes, offset, length);
        moved.run();
        return count;
      }
    };
  }

  @Override
  public OutputStream create(String path) throws IOException {
    OutputStream out = store.create(path);
    return out instanceof Abortable abortable ? new Given(out, abortable) : told(out);
  }

  @Override
  public Optional<OutputStream> append(String path) throws IOException {
    return store.append(path).map(this::told);
  }

  @Override
  public void write(String path, StoreWriter body) throws IOException {
    store.write(path, out -> body.writeTo(told(out)));
    moved.run();
  }

  @Override
  public boolean createIfAbsent(String path, byte[] content) throws IOException {
    return store.createIfAbsent(path, content);
  }

  @Override
  public boolean exists(String path) throws IOException {
    return store.exists(path);
  }

  @Override
  public List<FileEntry> list(String folder) throws IOException {
    return store.list(folder);
  }

  @Override
  public void delete(String path) throws IOException {
    store.delete(path);
  }

  private Told told(OutputStream out) {
    return new Told(out);
  }

  private class Told extends FilterOutputStream {
    Told(OutputStream out) {
      super(out);
    }

    @Override
    public void write(int value) throws IOException {
      out.write(value);
      moved.run();
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      out.write(bytes, offset, length);
      moved.run();
    }
  }

  /** Can be given up, as the stream below it can. */
  private final class Given extends Told implements Abortable {
    private final Abortable abortable;

    Given(OutputStream out, Abortable abortable) {
      super(out);
      this.abortable = abortable;
    }

    @Override
    public void abort() {
      abortable.abort();
    }
  }
}
