package dev.anneal.core.run;

import dev.anneal.core.io.FileEntry;
import dev.anneal.core.io.FileStore;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Files in memory, with or without appending: as a local disk or as an object store. */
public final class MemoryStore implements FileStore {
  private final Map<String, byte[]> files = new HashMap<>();
  private final boolean appending;
  private int creations;
  private boolean full;

  private MemoryStore(boolean appending) {
    this.appending = appending;
  }

  public static MemoryStore appending() {
    return new MemoryStore(true);
  }

  static MemoryStore objectStore() {
    return new MemoryStore(false);
  }

  void fill() {
    full = true;
  }

  int creations() {
    return creations;
  }

  String text(String path) {
    return new String(files.get(path), StandardCharsets.UTF_8);
  }

  public void put(String path, String text) {
    files.put(path, text.getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public InputStream open(String path) throws IOException {
    if (!files.containsKey(path)) {
      throw new NoSuchFileException(path);
    }
    return new ByteArrayInputStream(files.get(path));
  }

  @Override
  public OutputStream create(String path) throws IOException {
    failWhenFull();
    return new ByteArrayOutputStream() {
      @Override
      public void close() {
        files.put(path, toByteArray());
        creations++;
      }
    };
  }

  @Override
  public Optional<OutputStream> append(String path) {
    return appending ? Optional.of(new Appender(path)) : Optional.empty();
  }

  @Override
  public boolean exists(String path) {
    return files.containsKey(path);
  }

  @Override
  public List<FileEntry> list(String folder) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void delete(String path) {
    files.remove(path);
  }

  private void failWhenFull() throws IOException {
    if (full) {
      throw new IOException("No space left on device");
    }
  }

  private final class Appender extends OutputStream {
    private final String path;

    Appender(String path) {
      this.path = path;
    }

    @Override
    public void write(int value) throws IOException {
      write(new byte[] {(byte) value}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      failWhenFull();
      ByteArrayOutputStream joined = new ByteArrayOutputStream();
      joined.writeBytes(files.getOrDefault(path, new byte[0]));
      joined.write(bytes, offset, length);
      files.put(path, joined.toByteArray());
    }
  }
}
