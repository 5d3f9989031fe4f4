package dev.anneal.jobs.io;

import dev.anneal.core.data.ShardFiles;
import dev.anneal.core.io.FileEntry;
import dev.anneal.core.io.FileRanges;
import dev.anneal.core.io.FileStore;
import dev.anneal.core.io.IoThreads;
import dev.anneal.core.io.Sha256;
import dev.anneal.core.io.StoreWriter;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A shard folder of a store whose files come to this host as they are read. Thread-safe; borrows
 * the cache, owns the threads that read ahead.
 */
final class RemoteShardFiles implements ShardFiles {
  private static final Logger LOG = LoggerFactory.getLogger(RemoteShardFiles.class);
  private static final int AHEAD_THREADS = 4;
  private static final int OPEN_OF_ALL = 64;
  private static final int OPEN_OF_SOME = 2;

  private final HadoopFileStore store;
  private final HostCache cache;
  private final String folder;
  private final boolean keepsAll;
  private final Set<String> expected = ConcurrentHashMap.newKeySet();
  private final Map<String, Long> sizes = new HashMap<>();
  private final ExecutorService ahead = IoThreads.pool(AHEAD_THREADS, "anneal-fetch");

  /**
   * @param keepsAll whether all files stay here once they came; else as long as there is room
   */
  RemoteShardFiles(HadoopFileStore store, HostCache cache, String folder, boolean keepsAll)
      throws IOException {
    this.store = store;
    this.cache = cache;
    this.folder = folder;
    this.keepsAll = keepsAll;
    for (FileEntry entry : store.list(folder)) {
      if (!entry.folder()) {
        sizes.put(entry.name(), entry.sizeBytes());
      }
    }
  }

  @Override
  public String folder() {
    return folder;
  }

  @Override
  public boolean present() {
    return !sizes.isEmpty();
  }

  @Override
  public boolean exists(String file) throws IOException {
    return sizes.containsKey(file) || file.contains("/") && store.exists(path(file));
  }

  private String path(String file) {
    return FileStore.join(folder, file);
  }

  @Override
  public byte[] read(String file) throws IOException {
    return store.readBytes(path(file));
  }

  @Override
  public long size(String file) throws IOException {
    Long size = sizes.get(file);
    if (size == null) {
      throw new NoSuchFileException(path(file));
    }
    return size;
  }

  @Override
  public String sha256(String file) throws IOException {
    if (keepsAll) {
      return Sha256.of(cache.fetch(wanted(file), download(file, Optional.empty())));
    }
    try (InputStream in = store.open(path(file))) {
      return Sha256.of(in);
    }
  }

  @Override
  public Optional<Path> inPlace(String file) {
    return Optional.empty();
  }

  @Override
  public FileRanges ranges(String file) throws IOException {
    return store.ranges(path(file));
  }

  @Override
  public FileRanges fetch(String file, Optional<String> sha256) throws IOException {
    while (true) {
      Path here = cache.fetch(wanted(file), download(file, sha256));
      try {
        return FileRanges.open(here);
      } catch (NoSuchFileException e) {
        // It made room for another between the two calls: it comes again.
        LOG.debug("{} went before it was opened", here);
      }
    }
  }

  @Override
  public void expect(String file, Optional<String> sha256) {
    if (expected.add(file)) {
      ahead.execute(() -> fetchAhead(file, sha256));
    }
  }

  private void fetchAhead(String file, Optional<String> sha256) {
    try {
      cache.fetchIfIdle(wanted(file), download(file, sha256));
    } catch (IOException | RuntimeException e) {
      // The reader meets it again, where it is heard.
      LOG.debug("Cannot fetch {} ahead: {}", path(file), e.getMessage());
    }
    if (!keepsAll) {
      expected.remove(file); // it may have gone again when the reader comes the next time
    }
  }

  private HostCache.Wanted wanted(String file) throws IOException {
    return new HostCache.Wanted(path(file), file, size(file), true);
  }

  private Download download(String file, Optional<String> sha256) throws IOException {
    return new Download(store, path(file), size(file), sha256);
  }

  @Override
  public int openAtOnce() {
    return keepsAll ? OPEN_OF_ALL : OPEN_OF_SOME;
  }

  @Override
  public Path derived(String name, StoreWriter maker) throws IOException {
    return cache.fetch(
        new HostCache.Wanted(folder, name, 0, false),
        target -> {
          try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(target))) {
            maker.writeTo(out);
          } catch (UncheckedIOException e) {
            throw e.getCause();
          }
        });
  }

  @Override
  public void close() {
    IoThreads.end(ahead);
  }
}
