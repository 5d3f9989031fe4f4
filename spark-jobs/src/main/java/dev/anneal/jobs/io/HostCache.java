package dev.anneal.jobs.io;

import dev.anneal.core.config.MemorySize;
import dev.anneal.core.io.Sha256;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Files of elsewhere on this host, each brought here once for all ranks of a run, whether they are
 * threads or processes. A file is written beside its place under a lock and renamed when it is
 * whole, so that one that a killed process left is taken over and never read. Files that may go
 * again make room for others, the longest unread first, when a bound is reached. Thread-safe.
 */
final class HostCache implements AutoCloseable {
  static final String LOCKS = "locks";
  static final String EVICTABLE = "shards";
  private static final String KEPT = "kept";
  static final String PART = ".part";

  private final List<CacheFolder> folders = new ArrayList<>();
  private final Bound bound;
  private final CacheRoom room;

  /**
   * How much the files that may go again take together.
   *
   * @param bytes most of them
   * @param source where that comes from, for messages
   */
  record Bound(long bytes, String source) {
    /** To be found by a look at the disks. */
    static final Bound OF_DISKS = new Bound(0, "");
  }

  /**
   * One file to bring here.
   *
   * @param group files of one group lie in one folder, under their names
   * @param bytes its size, or an estimate where {@code evictable} is false
   * @param evictable whether it may go again to make room
   */
  record Wanted(String group, String name, long bytes, boolean evictable) {}

  /** Writes a file's bytes to a path; none where it fails. */
  interface Copy {
    void to(Path path) throws IOException;
  }

  /**
   * @param roots local folders of Spark, the same in every process of the host
   * @param untilProcessEnds whether the files outlive the closing of this cache
   */
  HostCache(List<Path> roots, String run, Bound bound, boolean untilProcessEnds)
      throws IOException {
    try {
      for (Path root : roots) {
        folders.add(CacheFolder.open(root, run, untilProcessEnds));
      }
      this.bound = bound.equals(Bound.OF_DISKS) ? ofDisks(roots) : bound;
      this.room = new CacheRoom(folders, this.bound);
    } catch (IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  /** Where the files of a group lie. */
  Path folder(String group, boolean evictable) {
    return folder(group).path().resolve(evictable ? EVICTABLE : KEPT).resolve(key(group));
  }

  private CacheFolder folder(String group) {
    return folders.get(Math.floorMod(key(group).hashCode(), folders.size()));
  }

  private static String key(String text) {
    return Sha256.of(text.getBytes(StandardCharsets.UTF_8)).substring(0, 16);
  }

  /** The file's path here, whole; waits until it is, and brings it unless another does. */
  Path fetch(Wanted file, Copy copy) throws IOException {
    Path target = target(file);
    if (isThere(target)) {
      return target;
    }
    return folder(file.group()).locks().with(lock(file), () -> bring(file, target, copy));
  }

  /** Brings the file unless it is here or another brings it already. */
  void fetchIfIdle(Wanted file, Copy copy) throws IOException {
    Path target = target(file);
    if (!isThere(target)) {
      folder(file.group()).locks().ifFree(lock(file), () -> bring(file, target, copy));
    }
  }

  private Path target(Wanted file) {
    return folder(file.group(), file.evictable()).resolve(file.name());
  }

  private Path lock(Wanted file) throws IOException {
    Path locks = folder(file.group()).path().resolve(LOCKS);
    Files.createDirectories(locks);
    return locks.resolve(key(file.group() + '\n' + file.name()));
  }

  private Path part(Wanted file) throws IOException {
    Path lock = lock(file);
    return lock.resolveSibling(lock.getFileName() + (file.evictable() ? PART : ".tmp"));
  }

  /** Marks the file as read now. */
  private static boolean isThere(Path target) throws IOException {
    try {
      Files.setLastModifiedTime(target, FileTime.from(Instant.now()));
      return true;
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  private Path bring(Wanted file, Path target, Copy copy) throws IOException {
    if (isThere(target)) {
      return target;
    }
    Path part = part(file);
    Files.deleteIfExists(part);
    if (file.evictable()) {
      room.reserve(file, part);
    }
    try {
      copy.to(part);
      Files.createDirectories(target.getParent());
      Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(part);
    }
    return target;
  }

  /**
   * Nine tenths of what was free when the first process of the host looked: for later ones a part
   * of it is taken already, by files of this very run.
   */
  private Bound ofDisks(List<Path> roots) throws IOException {
    Path first = folders.get(0).path();
    Path decided = first.resolve("room");
    long bytes =
        folders
            .get(0)
            .locks()
            .with(
                first.resolve("room.lock"),
                () -> {
                  if (!Files.exists(decided)) {
                    Path written = first.resolve("room.tmp");
                    Files.writeString(written, Long.toString(free(roots) / 10 * 9));
                    Files.move(written, decided, StandardCopyOption.ATOMIC_MOVE);
                  }
                  return Long.parseLong(Files.readString(decided));
                });
    return new Bound(
        bytes, new MemorySize(bytes) + ", what was free in " + roots + ", see spark.local.dir");
  }

  private static long free(List<Path> roots) throws IOException {
    long free = 0;
    Set<FileStore> disks = new HashSet<>();
    for (Path root : roots) {
      FileStore disk = Files.getFileStore(root);
      free += disks.add(disk) ? disk.getUsableSpace() : 0;
    }
    return free;
  }

  Bound bound() {
    return bound;
  }

  /** Leaves the folders; the last who does removes them. */
  @Override
  public void close() throws IOException {
    for (CacheFolder folder : folders) {
      folder.close();
    }
  }
}
