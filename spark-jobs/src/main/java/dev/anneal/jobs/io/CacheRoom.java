package dev.anneal.jobs.io;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.MemorySize;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Gives files their room on a host: the longest unread make way. One process decides at a time;
 * what is still being written counts with the size that it will have. Thread-safe.
 */
final class CacheRoom {
  private static final String SPACE_LOCK = "space.lock";

  private final List<CacheFolder> folders;
  private final HostCache.Bound bound;

  /** Borrows the folders. */
  CacheRoom(List<CacheFolder> folders, HostCache.Bound bound) {
    this.folders = folders;
    this.bound = bound;
  }

  /** Takes the room that a file needs by making its part as long as it will be. */
  void reserve(HostCache.Wanted file, Path part) throws IOException {
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

  private boolean reserved(HostCache.Wanted file, Path part) throws IOException {
    List<Path> groups = new ArrayList<>();
    for (Path top : below(HostCache.EVICTABLE)) {
      groups.addAll(children(top));
    }
    List<Held> whole = held(groups);
    List<Held> parts = held(below(HostCache.LOCKS));
    parts.removeIf(each -> !each.path().toString().endsWith(HostCache.PART));
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
      for (Path part : children(folder.path().resolve(HostCache.LOCKS))) {
        String name = part.getFileName().toString();
        if (name.endsWith(HostCache.PART)) {
          Path lock =
              part.resolveSibling(name.substring(0, name.length() - HostCache.PART.length()));
          removed |= folder.locks().ifFree(lock, () -> Files.deleteIfExists(part)).orElse(false);
        }
      }
    }
    return removed;
  }
}
