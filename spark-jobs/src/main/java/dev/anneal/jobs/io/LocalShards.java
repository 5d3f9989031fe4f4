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
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Shard folders where they can be memory-mapped: local ones as they are, others copied to a
 * temporary folder that {@link #close} removes. Confined to one thread.
 */
public final class LocalShards implements AutoCloseable {
  private final List<Path> folders = new ArrayList<>();
  private final List<Path> copies = new ArrayList<>();

  private LocalShards() {}

  /** Makes folders local, in order; {@link ConfigException} names one that does not exist. */
  public static LocalShards of(HadoopFileStore store, List<String> folders) throws IOException {
    LocalShards shards = new LocalShards();
    boolean complete = false;
    try {
      for (String folder : folders) {
        shards.add(store, folder);
      }
      complete = true;
      return shards;
    } finally {
      if (!complete) {
        shards.close();
      }
    }
  }

  /** Local folders, in the order of what they stand for. */
  public List<Path> folders() {
    return List.copyOf(folders);
  }

  private void add(HadoopFileStore store, String folder) throws IOException {
    Optional<Path> local = store.localPath(folder);
    if (local.isPresent()) {
      folders.add(local.get());
      return;
    }
    List<FileEntry> entries = store.list(folder);
    if (entries.isEmpty()) {
      throw new ConfigException("Cannot find data folder: " + folder);
    }
    Path copy = Files.createTempDirectory("anneal-shards");
    copies.add(copy);
    folders.add(copy);
    for (FileEntry entry : entries) {
      if (!entry.folder()) {
        copy(store, entry.path(), copy.resolve(entry.name()));
      }
    }
    String manifest = FileStore.join(folder, ShardManifest.PATH);
    if (store.exists(manifest)) {
      Files.createDirectories(copy.resolve(ShardManifest.FOLDER));
      copy(store, manifest, copy.resolve(ShardManifest.PATH));
    }
  }

  private static void copy(HadoopFileStore store, String from, Path to) throws IOException {
    try (InputStream in = store.open(from)) {
      Files.copy(in, to);
    }
  }

  @Override
  public void close() throws IOException {
    for (Path copy : copies) {
      new LocalFileStore().delete(copy.toString());
    }
    copies.clear();
  }
}
