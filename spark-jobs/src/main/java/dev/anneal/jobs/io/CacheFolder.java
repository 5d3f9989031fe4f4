package dev.anneal.jobs.io;

import dev.anneal.core.io.LocalFileStore;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One run's folder below a local folder of Spark, as long as this process uses it. All processes
 * that do hold a shared lock on one file in it; whoever finds the lock free removes the folder: the
 * last to leave, or the next run where all were killed. Thread-safe.
 */
final class CacheFolder {
  private static final Logger LOG = LoggerFactory.getLogger(CacheFolder.class);
  private static final String PREFIX = "anneal-fetched-";
  private static final String USED = "used.lock";

  // The one place where tasks of a process meet: the system's locks belong to the process.
  private static final Map<Path, CacheFolder> OF_PROCESS = new HashMap<>();

  private final Path path;
  private final FileChannel used;
  private final FileLocks locks = new FileLocks();
  private final Thread atExit = new Thread(this::leaveQuietly, "anneal-fetched");
  private int users;
  private boolean untilProcessEnds;

  private CacheFolder(Path path) throws IOException {
    this.path = path;
    this.used = join(path);
  }

  /**
   * Joins the run's folder, which is made where it is missing, and removes what killed runs left.
   *
   * @param untilProcessEnds keep the folder when the last user of this process leaves: Spark may
   *     start the ranks again
   */
  static CacheFolder open(Path root, String run, boolean untilProcessEnds) throws IOException {
    synchronized (OF_PROCESS) {
      Path path = root.resolve(PREFIX + run);
      CacheFolder folder = OF_PROCESS.get(path);
      if (folder == null) {
        Files.createDirectories(root);
        removeLeft(root);
        folder = new CacheFolder(path);
        OF_PROCESS.put(path, folder);
        Runtime.getRuntime().addShutdownHook(folder.atExit);
      }
      folder.users++;
      folder.untilProcessEnds |= untilProcessEnds;
      return folder;
    }
  }

  /** Takes the shared lock; a folder that was just removed is made again. */
  private static FileChannel join(Path path) throws IOException {
    while (true) {
      Optional<FileChannel> joined = tryJoin(path);
      if (joined.isPresent()) {
        return joined.get();
      }
      FileLocks.pause(path);
    }
  }

  private static Optional<FileChannel> tryJoin(Path path) throws IOException {
    if (!Files.isDirectory(path)) {
      createPrivate(path);
    }
    FileChannel channel;
    try {
      channel =
          FileChannel.open(
              path.resolve(USED),
              StandardOpenOption.CREATE,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE);
    } catch (NoSuchFileException e) {
      return Optional.empty(); // the folder was removed a moment ago
    }
    FileLock lock = channel.tryLock(0, Long.MAX_VALUE, true);
    if (lock != null && Files.exists(path.resolve(USED))) {
      return Optional.of(channel);
    }
    channel.close();
    return Optional.empty();
  }

  /** Data that others of the host may have no right to see. */
  private static void createPrivate(Path path) throws IOException {
    try {
      Files.createDirectory(
          path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    } catch (FileAlreadyExistsException e) {
      return; // by another process, at the same moment
    }
  }

  private static void removeLeft(Path root) throws IOException {
    List<Path> left;
    try (Stream<Path> children = Files.list(root)) {
      left =
          children
              .filter(child -> child.getFileName().toString().startsWith(PREFIX))
              .filter(child -> !OF_PROCESS.containsKey(child))
              .toList();
    }
    for (Path folder : left) {
      try (FileChannel channel =
          FileChannel.open(
              folder.resolve(USED), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
        if (channel.tryLock() != null) {
          new LocalFileStore().delete(folder.toString());
          LOG.info("removed what a killed run left: {}", folder);
        }
      } catch (IOException e) {
        LOG.debug("not ours to remove: {}", folder, e);
      }
    }
  }

  Path path() {
    return path;
  }

  FileLocks locks() {
    return locks;
  }

  /** Leaves; the last user of the last process removes the folder. */
  void close() throws IOException {
    synchronized (OF_PROCESS) {
      users--;
      if (users == 0 && !untilProcessEnds) {
        try {
          Runtime.getRuntime().removeShutdownHook(atExit);
        } catch (IllegalStateException e) {
          return; // the process ends: it runs already
        }
        leave();
      }
    }
  }

  private void leaveQuietly() {
    synchronized (OF_PROCESS) {
      try {
        leave();
      } catch (IOException e) {
        LOG.warn("Cannot remove {}: {} (the next run will)", path, e.getMessage());
      }
    }
  }

  private void leave() throws IOException {
    if (!OF_PROCESS.remove(path, this)) {
      return;
    }
    used.close(); // and with it the shared lock
    if (!Files.isDirectory(path)) {
      return;
    }
    try (FileChannel last =
        FileChannel.open(path.resolve(USED), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      if (last.tryLock() != null) {
        new LocalFileStore().delete(path.toString());
      }
    }
  }
}
