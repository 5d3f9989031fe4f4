package dev.anneal.jobs.io;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.MemorySize;
import dev.anneal.core.io.Sha256;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Files of elsewhere on this host, each brought here once for all ranks of a run, whether they are
 * threads or processes. A file is written beside its place under a lock and renamed when it is
 * whole, so that one that a killed process left is taken over and never read. Files that may go
 * again make room for others, the longest unread first, when a bound is reached. Thread-safe.
 */
final class HostCache implements AutoCloseable {
  private static final String SPACE_LOCK = "space.lock";
  private static final String LOCKS = "locks";
  private static final String EVICTABLE = "shards";
  private static final String KEPT = "kept";
  private static final String PART = ".part";

  private final List<CacheFolder> folders = new ArrayList<>();
  private final Bound bound;

  /**
   * How much the files that may go again take together.
   *
   * @param bytes most of them
   * @param source where that comes from, for messages
   */
  record Bound(long bytes, String source) {}

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
    this.bound = bound;
    try {
      for (Path root : roots) {
        folders.add(CacheFolder.open(root, run, untilProcessEnds));
      }
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
      reserve(file, part);
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

  /** Takes the room that a file needs by making its part as long as it will be. */
  private void reserve(Wanted file, Path part) throws IOException {
    if (file.bytes() > bound.bytes()) {
      throw new ConfigException(
          "Cannot keep "
              + file.name()
              + " on this host: "
              + new MemorySize(file.bytes())
              + " (must be <= "
              + bound.source()
              + ")");
    }
    FileLocks locks = folders.get(0).locks();
    Path space = folders.get(0).path().resolve(SPACE_LOCK);
    while (!locks.with(space, () -> reserved(file, part))) {
      FileLocks.pause(part); // others are being written, and will be here to go
    }
  }

  private boolean reserved(Wanted file, Path part) throws IOException {
    List<Path> groups = new ArrayList<>();
    for (Path top : below(EVICTABLE)) {
      groups.addAll(children(top));
    }
    List<Held> whole = held(groups);
    List<Held> parts = held(below(LOCKS));
    parts.removeIf(each -> !each.path().toString().endsWith(PART));
    long total = file.bytes() + sum(whole) + sum(parts);
    whole.sort(Comparator.comparing(Held::read));
    for (Held each : whole) {
      if (total <= bound.bytes()) {
        break;
      }
      Files.deleteIfExists(each.path());
      total -= each.bytes();
    }
    if (total > bound.bytes() && removeAbandoned()) {
      return reserved(file, part);
    }
    if (total > bound.bytes()) {
      return false;
    }
    try (RandomAccessFile room = new RandomAccessFile(part.toFile(), "rw")) {
      room.setLength(file.bytes());
    }
    return true;
  }

  private static long sum(List<Held> files) {
    return files.stream().mapToLong(Held::bytes).sum();
  }

  /** A file with the time when it was last opened. */
  private record Held(Path path, long bytes, Instant read) {}

  /** The files directly below folders, as far as they are still there. */
  private List<Held> held(List<Path> tops) throws IOException {
    List<Held> held = new ArrayList<>();
    for (Path top : tops) {
      for (Path file : children(top)) {
        look(file).ifPresent(held::add);
      }
    }
    return held;
  }

  private List<Path> below(String name) {
    return folders.stream().map(folder -> folder.path().resolve(name)).toList();
  }

  private static List<Path> children(Path folder) throws IOException {
    List<Path> children = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      entries.forEach(children::add);
    } catch (NoSuchFileException e) {
      return List.of();
    }
    return children;
  }

  private static Optional<Held> look(Path file) throws IOException {
    try {
      return Files.isRegularFile(file)
          ? Optional.of(
              new Held(file, Files.size(file), Files.getLastModifiedTime(file).toInstant()))
          : Optional.empty();
    } catch (NoSuchFileException e) {
      return Optional.empty(); // renamed by its owner between the two looks
    }
  }

  /** Removes parts that killed processes left; whether there were any. */
  private boolean removeAbandoned() throws IOException {
    boolean removed = false;
    for (CacheFolder folder : folders) {
      for (Path part : children(folder.path().resolve(LOCKS))) {
        String name = part.getFileName().toString();
        if (name.endsWith(PART)) {
          Path lock = part.resolveSibling(name.substring(0, name.length() - PART.length()));
          removed |= folder.locks().ifFree(lock, () -> Files.deleteIfExists(part)).orElse(false);
        }
      }
    }
    return removed;
  }

  /** Bytes that the files of elsewhere may take on the disks behind the folders. */
  static long room(List<Path> roots) throws IOException {
    long room = 0;
    List<Object> counted = new ArrayList<>();
    for (Path root : roots) {
      Files.createDirectories(root);
      Object disk = Files.getFileStore(root);
      if (!counted.contains(disk)) {
        counted.add(disk);
        room += Files.getFileStore(root).getUsableSpace();
      }
    }
    return room;
  }

  /** Leaves the folders; the last who does removes them. */
  @Override
  public void close() throws IOException {
    for (CacheFolder folder : folders) {
      folder.close();
    }
  }
}
