package dev.anneal.core.io;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Threads that wait for a store and keep no process alive. Stateless. */
public final class IoThreads {
  private static final int END_SECONDS = 30;

  private IoThreads() {}

  /** Up to so many threads, made when they are needed. */
  public static ExecutorService pool(int threads, String name) {
    AtomicInteger made = new AtomicInteger();
    return Executors.newFixedThreadPool(
        threads,
        task -> {
          Thread thread = new Thread(task, name + "-" + made.getAndIncrement());
          thread.setDaemon(true);
          return thread;
        });
  }

  /** Interrupts what runs, drops what waits, and waits until the threads are done. */
  public static void end(ExecutorService pool) {
    pool.shutdownNow();
    boolean interrupted = false;
    try {
      pool.awaitTermination(END_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      interrupted = true;
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Does all of it, several at once; the first failure is thrown when all have ended. */
  public static void all(int threads, String name, List<Callable<Void>> work) throws IOException {
    ExecutorService pool = pool(threads, name);
    try {
      List<Future<Void>> results = new ArrayList<>();
      work.forEach(each -> results.add(pool.submit(each)));
      for (Future<Void> result : results) {
        result.get();
      }
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException io) {
        throw io;
      }
      if (e.getCause() instanceof RuntimeException runtime) {
        throw runtime;
      }
      throw new IOException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted: " + name);
    } finally {
      end(pool);
    }
  }
}
