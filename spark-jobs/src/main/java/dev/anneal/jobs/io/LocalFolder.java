package dev.anneal.jobs.io;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.data.ShardManifest;
import dev.anneal.core.io.FileEntry;
import dev.anneal.core.io.FileStore;
import dev.anneal.core.io.LocalFileStore;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * A folder that native code can map: a local one as it is, any other as a copy in a temporary
 * folder that closing removes.
 */
public final class LocalFolder implements AutoCloseable {
  private final Path path;
  private final boolean copied;

  private LocalFolder(Path path, boolean copied) {
    this.path = path;
    this.copied = copied;
  }

  /**
   * @param key the setting that named the folder, for messages
   */
  public static LocalFolder of(HadoopFileStore store, String folder, String key)
      throws IOException {
    return of(store, folder, key, child -> true);
  }

  /**
   * As {@link #of}, of a shard folder: its Arrow files and the manifest, not what stands beside
   * them in other formats.
   */
  public static LocalFolder ofShards(HadoopFileStore store, String folder, String key)
      throws IOException {
    return of(store, folder, key, ShardManifest.FOLDER::equals);
  }

  private static LocalFolder of(
      HadoopFileStore store, String folder, String key, Predicate<String> children)
      throws IOException {
    Optional<Path> local = store.localPath(folder);
    if (local.isPresent()) {
      if (!Files.isDirectory(local.get())) {
        throw new ConfigException(
            "Cannot read " + key + ": " + folder + " (no such folder on this machine)");
      }
      return new LocalFolder(local.get(), false);
    }
    Path copy = Files.createTempDirectory("anneal-folder");
    LocalFolder result = new LocalFolder(copy, true);
    try {
      copy(store, folder, copy, children);
    } catch (IOException | RuntimeException e) {
      result.close();
      throw e;
    }
    if (isEmpty(copy)) {
      result.close();
      throw new ConfigException("Cannot read " + key + ": " + folder + " (no such folder)");
    }
    return result;
  }

  private static boolean isEmpty(Path folder) throws IOException {
    try (Stream<Path> children = Files.list(folder)) {
      return children.findAny().isEmpty();
    }
  }

  /** Copies the files of a folder, and those of its child folders that are wanted. */
  private static void copy(FileStore store, String from, Path to, Predicate<String> children)
      throws IOException {
    for (FileEntry entry : store.list(from)) {
      Path target = to.resolve(entry.name()).normalize();
      if (!target.startsWith(to)) {
        throw new IOException("Cannot copy " + entry.path() + ": the name leads out of its folder");
      }
      if (entry.folder()) {
        if (children.test(entry.name())) {
          Files.createDirectories(target);
          copy(store, entry.path(), target, children);
        }
      } else {
        try (InputStream in = store.open(entry.path())) {
          Files.copy(in, target);
        }
      }
    }
  }

  public Path path() {
    return path;
  }

  @Override
  public void close() throws IOException {
    if (copied) {
      new LocalFileStore().delete(path.toString());
    }
  }
}
