package dev.anneal.core.train;

import dev.anneal.core.io.FileEntry;
import dev.anneal.core.io.FileStore;
import dev.anneal.core.io.LocalFileStore;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.Optional;

/**
 * The disk as a process sees it that is killed at its n-th change: what it wrote before is there,
 * half files too, and nothing that it still tries has any effect.
 */
final class DyingStore implements FileStore {
  private final LocalFileStore disk = new LocalFileStore();
  private final long lastChange;
  private long changes;

  /**
   * @param lastChange changes that still reach the disk
   */
  DyingStore(long lastChange) {
    this.lastChange = lastChange;
  }

  /** Changes so far. */
  synchronized long changes() {
    return changes;
  }

  /** Whether the process has been killed. */
  synchronized boolean dead() {
    return changes > lastChange;
  }

  private synchronized void change() throws IOException {
    changes++;
    if (dead()) {
      throw new IOException("killed at change " + (lastChange + 1));
    }
  }

  @Override
  public OutputStream create(String path) throws IOException {
    change();
    return new Mortal(disk.create(path));
  }

  @Override
  public Optional<OutputStream> append(String path) throws IOException {
    change();
    return disk.append(path).map(Mortal::new);
  }

  @Override
  public InputStream open(String path) throws IOException {
    return disk.open(path);
  }

  @Override
  public boolean exists(String path) {
    return disk.exists(path);
  }

  @Override
  public List<FileEntry> list(String folder) throws IOException {
    return disk.list(folder);
  }

  @Override
  public void delete(String path) throws IOException {
    change();
    disk.delete(path);
  }

  /** A stream whose write and whose publication are each a moment to die; never cleans up. */
  private final class Mortal extends OutputStream {
    private final OutputStream file;

    Mortal(OutputStream file) {
      this.file = file;
    }

    @Override
    public void write(int value) throws IOException {
      write(new byte[] {(byte) value}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      try {
        change();
      } catch (IOException killed) {
        file.write(bytes, offset, length / 2);
        file.flush();
        throw killed;
      }
      file.write(bytes, offset, length);
    }

    @Override
    public void flush() throws IOException {
      file.flush();
    }

    @Override
    public void close() throws IOException {
      if (!dead()) {
        change();
        file.close();
      }
    }
  }
}
