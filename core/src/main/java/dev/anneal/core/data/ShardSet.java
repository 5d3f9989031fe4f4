package dev.anneal.core.data;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.io.IoThreads;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The rows of several shard folders as one sequence. Files of this machine are memory-mapped and
 * indexed once, others come when their rows are read; a row is found by binary search over the
 * files and their record batches. Thread-safe; owns the folders' files.
 */
public final class ShardSet implements RowSource {
  private static final int COMPARED_ROWS = 1000;
  private static final int LENGTH_THREADS = 8;

  private final List<ShardFolder> folders;
  private final List<Shard> files;
  private final long[] firstRows;
  private final AtomicInteger reading = new AtomicInteger(-1);
  private final AtomicBoolean lengthsKnown = new AtomicBoolean();

  private ShardSet(List<ShardFolder> folders) {
    this.folders = folders;
    this.files = folders.stream().flatMap(folder -> folder.shards().stream()).toList();
    this.firstRows = new long[files.size() + 1];
    for (int i = 0; i < files.size(); i++) {
      firstRows[i + 1] = firstRows[i] + files.get(i).rowCount();
    }
  }

  /**
   * Opens folders of this machine in the given order.
   *
   * @throws ConfigException when a folder is missing, unfinished or foreign
   * @throws InvalidShardException when a file is damaged or in a form that cannot be read
   */
  public static ShardSet open(List<Path> folders, ShardOptions options) {
    return openFiles(folders.stream().map(ShardFiles::of).toList(), options);
  }

  /** As {@link #open}, of folders anywhere; takes them over, and closes them where it fails. */
  public static ShardSet openFiles(List<ShardFiles> folders, ShardOptions options) {
    if (folders.isEmpty()) {
      throw new ConfigException("Invalid data.train: [] (must name at least one shard folder)");
    }
    List<ShardFolder> opened = new ArrayList<>();
    try {
      for (ShardFiles folder : folders) {
        opened.add(ShardFolder.open(folder, options));
      }
    } catch (RuntimeException e) {
      close(folders, e);
      throw e;
    }
    return new ShardSet(List.copyOf(opened));
  }

  private static void close(List<ShardFiles> folders, RuntimeException primary) {
    for (ShardFiles folder : folders) {
      try {
        folder.close();
      } catch (IOException e) {
        primary.addSuppressed(e);
      }
    }
  }

  /** A file that has to be fetched: its size, and its rows in the set. */
  public record Remote(String name, long bytes, long firstRow, long rows) {}

  /** The files that lie elsewhere, in order; none where all folders are of this machine. */
  public List<Remote> remote() {
    List<Remote> remote = new ArrayList<>();
    long first = 0;
    for (ShardFolder folder : folders) {
      for (Shard shard : folder.shards()) {
        if (shard instanceof FetchedShard fetched) {
          long bytes = folder.bytes(fetched.file());
          remote.add(new Remote(shard.name(), bytes, first, shard.rowCount()));
        }
        first += shard.rowCount();
      }
    }
    return remote;
  }

  /**
   * Has all files of elsewhere fetched in the background, as a reader in shuffled order needs them.
   *
   * @param part of all readers of this set this one is, so that each begins elsewhere
   */
  public void expectAll(int part, int parts) {
    int first = (int) ((long) files.size() * part / parts);
    for (int i = 0; i < files.size(); i++) {
      files.get((first + i) % files.size()).expect();
    }
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
    if (reading.get() != file) {
      reading.set(file);
      if (file + 1 < files.size()) {
        files.get(file + 1).expect();
      }
    }
    return files.get(file).row(index - firstRows[file]);
  }

  @Override
  public int length(long index) {
    int file = file(index);
    if (!lengthsKnown.get()) {
      prepareLengths();
      lengthsKnown.set(true);
    }
    return files.get(file).length(index - firstRows[file]);
  }

  /** Files of elsewhere tell the lengths of their rows in a request each, or more. */
  private void prepareLengths() {
    List<Callable<Void>> work = new ArrayList<>();
    for (Shard file : files) {
      if (file instanceof FetchedShard fetched) {
        work.add(
            () -> {
              fetched.prepareLengths();
              return null;
            });
      }
    }
    if (work.isEmpty()) {
      return;
    }
    try {
      IoThreads.all(LENGTH_THREADS, "anneal-lengths", work);
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    }
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

  /** Releases what was fetched; mappings go when the set is no longer referred to. */
  @Override
  public void close() {
    folders.forEach(ShardFolder::close);
  }
}
