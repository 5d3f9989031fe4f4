package dev.anneal.jobs.io;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Another process of the host. Arguments: the local folder, the run, {@code fetch} (several threads
 * fetch the same ten files), {@code keep} (the same, as an executor) or {@code die} (in the middle
 * of the first file), and a file that gets a line a copy.
 */
final class FetchingProcess {
  static final int FILES = 10;
  private static final int BYTES = 200_000;

  private FetchingProcess() {}

  public static void main(String[] arguments) throws Exception {
    Path root = Path.of(arguments[0]);
    String how = arguments[2];
    Path log = Path.of(arguments[3]);
    HostCache.Bound bound = new HostCache.Bound(1 << 30, "test");
    HostCache cache = new HostCache(List.of(root), arguments[1], bound, how.equals("keep"));
    if (how.equals("die")) {
      cache.fetch(
          wanted(0),
          path -> {
            Files.write(path, new byte[BYTES / 2]);
            Runtime.getRuntime().halt(9);
          });
    }
    fetchAll(cache, log);
    cache.close();
  }

  /** Three threads, each all files. */
  static void fetchAll(HostCache cache, Path log) throws InterruptedException {
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      threads.add(new Thread(() -> fetchEach(cache, log)));
    }
    threads.forEach(Thread::start);
    for (Thread thread : threads) {
      thread.join();
    }
  }

  private static void fetchEach(HostCache cache, Path log) {
    try {
      for (int i = 0; i < FILES; i++) {
        int number = i;
        Path file =
            cache.fetch(
                wanted(i),
                path -> {
                  append(log, "copied " + number);
                  Files.write(path, content(number));
                });
        if (!Arrays.equals(Files.readAllBytes(file), content(i))) {
          append(log, "broken " + i);
        }
      }
    } catch (IOException | RuntimeException e) {
      throw new IllegalStateException(e);
    }
  }

  static HostCache.Wanted wanted(int number) {
    return new HostCache.Wanted("s3a://bucket/set/" + number, "file", BYTES, true);
  }

  static byte[] content(int number) {
    byte[] bytes = new byte[BYTES];
    Arrays.fill(bytes, (byte) number);
    return bytes;
  }

  private static void append(Path log, String line) throws IOException {
    Files.write(
        log,
        (line + "\n").getBytes(StandardCharsets.UTF_8),
        StandardOpenOption.CREATE,
        StandardOpenOption.APPEND);
  }
}
