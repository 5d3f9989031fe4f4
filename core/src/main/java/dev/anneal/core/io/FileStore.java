package dev.anneal.core.io;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.Optional;

/**
 * Files of a run, wherever they live: a local folder, HDFS, an object store. Paths are strings
 * (local paths or URIs) so that core needs no Hadoop type. Implementations are thread-safe.
 */
public interface FileStore {
  /** Opens a file for reading; {@link java.nio.file.NoSuchFileException} names the path. */
  InputStream open(String path) throws IOException;

  /** Creates or replaces a file; missing parent folders are made. Visible at close. */
  OutputStream create(String path) throws IOException;

  boolean exists(String path) throws IOException;

  /** Immediate children in byte order of their names; empty when the folder does not exist. */
  List<FileEntry> list(String folder) throws IOException;

  /** Removes a file or a whole folder; does nothing when absent. */
  void delete(String path) throws IOException;

  /**
   * Opens a file for adding at its end, made with its parent folders when absent. What a {@code
   * write} was given survives the end of this process. Empty where the store cannot append, as
   * object stores cannot: there a caller writes the whole file again.
   */
  default Optional<OutputStream> append(String path) throws IOException {
    return Optional.empty();
  }

  /**
   * Writes a whole file. When the body fails, the stream is given up where the store can do that
   * ({@link Abortable}), so that a half-written file never takes the place of an older one.
   */
  default void write(String path, StoreWriter body) throws IOException {
    try (OutputStream out = create(path)) {
      boolean complete = false;
      try {
        body.writeTo(out);
        complete = true;
      } finally {
        if (!complete && out instanceof Abortable abortable) {
          abortable.abort();
        }
      }
    }
  }

  /** Writes a small file at once. */
  default void writeBytes(String path, byte[] content) throws IOException {
    write(path, out -> out.write(content));
  }

  /** Reads a small file at once. */
  default byte[] readBytes(String path) throws IOException {
    try (InputStream in = open(path)) {
      return in.readAllBytes();
    }
  }

  /**
   * Creates a file only where none is; false when there is one. Atomic on a local file system; on
   * stores without such an operation two callers at the same instant may both get true.
   */
  default boolean createIfAbsent(String path, byte[] content) throws IOException {
    if (exists(path)) {
      return false;
    }
    writeBytes(path, content);
    return true;
  }

  /** Joins a folder and a child name with one slash. */
  static String join(String folder, String child) {
    return folder.endsWith("/") ? folder + child : folder + "/" + child;
  }
}
