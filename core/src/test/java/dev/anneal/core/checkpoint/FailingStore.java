package dev.anneal.core.checkpoint;

import dev.anneal.core.io.Abortable;
import dev.anneal.core.io.FileEntry;
import dev.anneal.core.io.FileStore;
import dev.anneal.core.io.LocalFileStore;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;

/** A local disk with room for so many bytes more; a file that does not fit is not published. */
final class FailingStore implements FileStore {
  private final LocalFileStore disk = new LocalFileStore();
  private long room;

  FailingStore(long room) {
    this.room = room;
  }

  @Override
  public OutputStream create(String path) throws IOException {
    OutputStream file = disk.create(path);
    return new FilterOutputStream(file) {
      @Override
      public void write(byte[] bytes, int offset, int length) throws IOException {
        room -= length;
        if (room < 0) {
          ((Abortable) file).abort();
          throw new IOException("Cannot write " + path + ": No space left on device");
        }
        file.write(bytes, offset, length);
      }
    };
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
    disk.delete(path);
  }
}
