package dev.anneal.core.run;

import dev.anneal.core.io.Abortable;
import dev.anneal.core.io.FileEntry;
import dev.anneal.core.io.FileStore;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.Optional;

/**
 * A store whose changes all ask first whether this process may still make them; a file asks last
 * when it is about to appear, and does not appear otherwise. Thread-safe as the store is.
 */
final class FencedStore implements FileStore {
  private final FileStore store;
  private final Runnable mayChange;

  /**
   * @param mayChange throws when this process must not change anything any more
   */
  FencedStore(FileStore store, Runnable mayChange) {
    this.store = store;
    this.mayChange = mayChange;
  }

  @Override
  public InputStream open(String path) throws IOException {
    return store.open(path);
  }

  @Override
  public OutputStream create(String path) throws IOException {
    mayChange.run();
    return new Published(store.create(path), mayChange);
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
    mayChange.run();
    store.delete(path);
  }

  @Override
  public Optional<OutputStream> append(String path) throws IOException {
    mayChange.run();
    return store.append(path).map(file -> new Added(file, mayChange));
  }

  @Override
  public boolean createIfAbsent(String path, byte[] content) throws IOException {
    mayChange.run();
    return store.createIfAbsent(path, content);
  }

  /** A file that appears when it is closed. */
  private static final class Published extends FilterOutputStream implements Abortable {
    private final Runnable mayChange;
    private boolean givenUp;
    private boolean closed;

    Published(OutputStream file, Runnable mayChange) {
      super(file);
      this.mayChange = mayChange;
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      out.write(bytes, offset, length);
    }

    @Override
    public void abort() {
      givenUp = true;
      if (out instanceof Abortable abortable) {
        abortable.abort();
      }
    }

    @Override
    public void close() throws IOException {
      if (closed) {
        return;
      }
      closed = true;
      try {
        if (!givenUp) {
          mayChange.run();
        }
      } catch (RuntimeException e) {
        abort();
        throw e;
      } finally {
        out.close();
      }
    }
  }

  /** A file that grows with each write. */
  private static final class Added extends FilterOutputStream {
    private final Runnable mayChange;

    Added(OutputStream file, Runnable mayChange) {
      super(file);
      this.mayChange = mayChange;
    }

    @Override
    public void write(int value) throws IOException {
      write(new byte[] {(byte) value}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      mayChange.run();
      out.write(bytes, offset, length);
    }
  }
}
