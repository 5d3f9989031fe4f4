package dev.anneal.core.data;

import dev.anneal.core.config.ConfigException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The rows of several local shard folders as one sequence. Files are memory-mapped and indexed
 * once; a row is found by binary search over the files and their record batches. Thread-safe.
 */
public final class ShardSet implements RowSource {
  private static final int COMPARED_ROWS = 1000;

  private final List<ShardFolder> folders;
  private final List<ShardFile> files;
  private final long[] firstRows;

  private ShardSet(List<ShardFolder> folders) {
    this.folders = folders;
    this.files = folders.stream().flatMap(folder -> folder.files().stream()).toList();
    this.firstRows = new long[files.size() + 1];
    for (int i = 0; i < files.size(); i++) {
      firstRows[i + 1] = firstRows[i] + files.get(i).rowCount();
    }
  }

  /**
   * Opens folders in the given order.
   *
   * @throws ConfigException when a folder is missing, unfinished or foreign
   * @throws InvalidShardException when a file is damaged or in a form that cannot be read
   */
  public static ShardSet open(List<Path> folders, ShardOptions options) {
    if (folders.isEmpty()) {
      throw new ConfigException("Invalid data.train: [] (must name at least one shard folder)");
    }
    List<ShardFolder> opened = new ArrayList<>();
    for (Path folder : folders) {
      opened.add(ShardFolder.open(folder, options));
    }
    return new ShardSet(List.copyOf(opened));
  }

  /** Refuses shards that another tokenizer made; foreign folders don't say and are accepted. */
  public void requireTokenizer(String tokenizerHash) {
    for (ShardFolder folder : folders) {
      Optional<String> made = folder.manifest().map(manifest -> manifest.origin().tokenizerHash());
      if (made.isPresent() && !made.get().equals(tokenizerHash)) {
        throw new ConfigException(
            "Invalid data folder: "
                + folder.path()
                + " was made with another tokenizer than the model's (tokenizer_sha256 "
                + made.get()
                + ", expected "
                + tokenizerHash
                + "; tokenize again with the model's tokenizer)");
      }
    }
  }

  /** The manifests of the folders that have one, in order. */
  public List<ShardManifest> manifests() {
    return folders.stream().flatMap(folder -> folder.manifest().stream()).toList();
  }

  @Override
  public long rowCount() {
    return firstRows[files.size()];
  }

  @Override
  public TokenRow row(long index) {
    int file = file(index);
    return files.get(file).row(index - firstRows[file]);
  }

  @Override
  public int length(long index) {
    int file = file(index);
    return files.get(file).length(index - firstRows[file]);
  }

  private int file(long index) {
    if (index < 0 || index >= rowCount()) {
      throw new IndexOutOfBoundsException("Invalid row: " + index + " of " + rowCount());
    }
    int found = Arrays.binarySearch(firstRows, index);
    int file = found >= 0 ? found : -found - 2;
    while (files.get(file).rowCount() == 0) {
      file++; // an empty file shares its first row with the next one
    }
    return file;
  }

  @Override
  public boolean ragged() {
    boolean ragged = false;
    long first = 0;
    for (ShardFolder folder : folders) {
      if (folder.packed()) {
        return false;
      }
      ragged |= ragged(first, folder.rowCount());
      first += folder.rowCount();
    }
    return ragged;
  }

  /** Compares some rows; not the last, for a stream that is cut in blocks ends with a short one. */
  private boolean ragged(long first, long count) {
    long step = Math.max(1, count / COMPARED_ROWS);
    for (long i = step; i < count - 1; i += step) {
      if (length(first + i) != length(first)) {
        return true;
      }
    }
    return false;
  }

  @Override
  public List<String> contentHashes() {
    return folders.stream().map(ShardFolder::contentHash).toList();
  }

  /** Nothing to release: mappings go when the set is no longer referred to. */
  @Override
  public void close() {}
}
