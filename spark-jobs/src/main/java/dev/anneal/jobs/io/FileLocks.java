package dev.anneal.jobs.io;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Locks that hold between threads and between processes of a host, and end with their process. The
 * system's own locks belong to a whole process and end when any channel to the file is closed, so
 * threads of one process agree first. They are asked for again and again rather than waited for:
 * where several threads wait, the system takes the wait of two processes for a deadlock.
 * Thread-safe; one object a process and folder.
 */
final class FileLocks {
  private static final long POLL_MILLIS = 10;

  private final ConcurrentMap<Path, ReentrantLock> threads = new ConcurrentHashMap<>();

  /** What is done under a lock. */
  interface Action<T> {
    T run() throws IOException;
  }

  /** Waits for the lock of a file, which is made where it is missing. */
  <T> T with(Path file, Action<T> action) throws IOException {
    ReentrantLock thread = threads.computeIfAbsent(file, key -> new ReentrantLock());
    try {
      thread.lockInterruptibly();
    } catch (InterruptedException e) {
      throw interrupted(file);
    }
    try (FileChannel channel = open(file)) {
      while (true) {
        FileLock lock = channel.tryLock();
        if (lock != null) {
          return action.run();
        }
        pause(file);
      }
    } finally {
      thread.unlock();
    }
  }

  /** Does it where the lock is free, else nothing. */
  <T> Optional<T> ifFree(Path file, Action<T> action) throws IOException {
    ReentrantLock thread = threads.computeIfAbsent(file, key -> new ReentrantLock());
    if (thread.isHeldByCurrentThread() || !thread.tryLock()) {
      return Optional.empty();
    }
    try (FileChannel channel = open(file)) {
      return channel.tryLock() == null ? Optional.empty() : Optional.of(action.run());
    } finally {
      thread.unlock();
    }
  }

  private static FileChannel open(Path file) throws IOException {
    return FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
  }

  /** Waits a moment; an interrupt ends the wait and stays set. */
  static void pause(Path file) throws IOException {
    try {
      Thread.sleep(POLL_MILLIS);
    } catch (InterruptedException e) {
      throw interrupted(file);
    }
  }

  private static InterruptedIOException interrupted(Path file) {
    Thread.currentThread().interrupt();
    return new InterruptedIOException("interrupted while waiting for " + file);
  }
}
