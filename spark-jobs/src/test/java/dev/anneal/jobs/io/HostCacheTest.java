package dev.anneal.jobs.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.config.ConfigException;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HostCacheTest {
  private static final HostCache.Bound LARGE = new HostCache.Bound(1 << 30, "test");

  @TempDir Path temp;

  private HostCache cache(HostCache.Bound bound) throws IOException {
    return new HostCache(List.of(temp.resolve("a disk"), temp.resolve("b")), "run", bound, false);
  }

  private Process start(String run, String how) throws IOException {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    return new ProcessBuilder(
            java,
            "-Xmx64m",
            "-cp",
            System.getProperty("java.class.path"),
            FetchingProcess.class.getName(),
            temp.toString(),
            run,
            how,
            temp.resolve("log").toString())
        .redirectErrorStream(true)
        .redirectOutput(temp.resolve("out").toFile())
        .start();
  }

  private List<String> log() throws IOException {
    return Files.readAllLines(temp.resolve("log")).stream().sorted().toList();
  }

  private static List<String> eachOnce() {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < FetchingProcess.FILES; i++) {
      lines.add("copied " + i);
    }
    return lines;
  }

  /** What is left of runs in a local folder. */
  private static List<String> left(Path root) {
    String[] names = root.toFile().list((File folder, String name) -> name.startsWith("anneal-"));
    return names == null ? List.of() : List.of(names);
  }

  private static long bytes(Path root) throws IOException {
    try (Stream<Path> files = Files.walk(root)) {
      return files.filter(Files::isRegularFile).mapToLong(file -> file.toFile().length()).sum();
    }
  }

  @Test
  void threadsOfAProcessFetchAFileOnce() throws Exception {
    try (HostCache cache = cache(LARGE)) {
      FetchingProcess.fetchAll(cache, temp.resolve("log"));
      assertThat(log()).isEqualTo(eachOnce());
      assertThat(left(temp.resolve("a disk"))).hasSize(1);
      assertThat(left(temp.resolve("b"))).hasSize(1);
    }
    assertThat(left(temp.resolve("a disk"))).isEmpty();
    assertThat(left(temp.resolve("b"))).isEmpty();
  }

  @Test
  void processesOfAHostFetchAFileOnce() throws Exception {
    try (HostCache cache = new HostCache(List.of(temp), "run", LARGE, false)) {
      Process first = start("run", "fetch");
      Process second = start("run", "fetch");
      FetchingProcess.fetchAll(cache, temp.resolve("log"));
      assertThat(List.of(first.waitFor(), second.waitFor())).containsOnly(0);
      assertThat(log()).isEqualTo(eachOnce());
      assertThat(left(temp)).as("this process still reads").hasSize(1);
    }
    assertThat(left(temp)).isEmpty();
  }

  @Test
  void whatAKilledProcessBeganIsTakenOver() throws Exception {
    assertThat(start("run", "die").waitFor()).isEqualTo(9);
    assertThat(bytes(temp)).as("half a file").isGreaterThan(50_000);
    try (HostCache cache = new HostCache(List.of(temp), "run", LARGE, false)) {
      FetchingProcess.fetchAll(cache, temp.resolve("log"));
    }
    assertThat(log()).as("all whole, each copied once").isEqualTo(eachOnce());
    assertThat(left(temp)).isEmpty();
  }

  @Test
  void theNextRunRemovesWhatAKilledOneLeft() throws Exception {
    start("killed", "die").waitFor();
    assertThat(left(temp)).containsExactly("anneal-fetched-killed");
    try (HostCache cache = new HostCache(List.of(temp), "next", LARGE, false)) {
      assertThat(left(temp)).containsExactly("anneal-fetched-next");
      try (HostCache other = new HostCache(List.of(temp), "other", LARGE, false)) {
        assertThat(left(temp)).as("a run that lives").contains("anneal-fetched-next");
      }
      Process elsewhere = start("third", "fetch");
      assertThat(elsewhere.waitFor()).isZero();
      assertThat(left(temp)).containsExactly("anneal-fetched-next");
    }
    assertThat(left(temp)).isEmpty();
  }

  @Test
  void anExecutorRemovesTheFilesWhenItEnds() throws Exception {
    assertThat(start("run", "keep").waitFor()).isZero();
    assertThat(log()).isEqualTo(eachOnce());
    assertThat(left(temp)).isEmpty();
  }

  @Test
  void theLongestUnreadFilesMakeRoom() throws Exception {
    List<Integer> copied = new ArrayList<>();
    try (HostCache cache = cache(new HostCache.Bound(100, "data.cache_mb = 1"))) {
      for (int number : new int[] {0, 1, 0, 2, 1}) {
        Path file = fetch(cache, number, copied);
        assertThat(file).hasSize(40);
        assertThat(bytes(temp)).isLessThanOrEqualTo(100);
      }
      assertThat(copied)
          .as("1 made room for 2, for 0 was read after it")
          .containsExactly(0, 1, 2, 1);
      assertThatThrownBy(
              () -> cache.fetch(new HostCache.Wanted("g", "large.arrow", 101, true), p -> {}))
          .isInstanceOf(ConfigException.class)
          .hasMessage("Cannot keep large.arrow on this host: 101 B (must be <= data.cache_mb = 1)");
    }
  }

  private static Path fetch(HostCache cache, int number, List<Integer> copied) throws IOException {
    return cache.fetch(
        new HostCache.Wanted("group " + number, "file", 40, true),
        path -> {
          copied.add(number);
          Files.write(path, new byte[40]);
        });
  }

  @Test
  void whatStaysTakesNoRoomFromWhatMayGo() throws Exception {
    List<Integer> copied = new ArrayList<>();
    try (HostCache cache = cache(new HostCache.Bound(100, "test"))) {
      Path kept =
          cache.fetch(
              new HostCache.Wanted("model", "weights", 500, false),
              path -> Files.write(path, new byte[500]));
      fetch(cache, 0, copied);
      fetch(cache, 1, copied);
      fetch(cache, 2, copied);
      assertThat(kept).hasSize(500);
    }
  }

  @Test
  void theRoomOfTheDisksIsDecidedOnceAHost() throws Exception {
    try (HostCache first = cache(HostCache.Bound.OF_DISKS)) {
      long bytes = first.bound().bytes();
      assertThat(bytes).isPositive();
      assertThat(first.bound().source()).contains("what was free in [" + temp);
      first.fetch(
          new HostCache.Wanted("g", "f", 9_000_000, true),
          path -> Files.write(path, new byte[9_000_000]));
      try (HostCache second = cache(HostCache.Bound.OF_DISKS)) {
        assertThat(second.bound().bytes()).as("a file of the run is there").isEqualTo(bytes);
      }
    }
  }

  @Test
  void aKilledProcessTakesNoRoomForLong() throws Exception {
    start("run", "die").waitFor();
    HostCache.Bound small = new HostCache.Bound(250_000, "test");
    try (HostCache cache = new HostCache(List.of(temp), "run", small, false)) {
      Path other =
          cache.fetch(
              new HostCache.Wanted("another", "file", 240_000, true),
              path -> Files.write(path, new byte[240_000]));
      assertThat(other).hasSize(240_000);
    }
  }

  @Test
  void aFailedCopyLeavesNothingAndIsTriedAgain() throws Exception {
    HostCache.Wanted file = FetchingProcess.wanted(1);
    try (HostCache cache = cache(LARGE)) {
      assertThatThrownBy(
              () ->
                  cache.fetch(
                      file,
                      path -> {
                        Files.write(path, new byte[10]);
                        throw new IOException("the line is cut");
                      }))
          .hasMessage("the line is cut");
      assertThat(bytes(temp)).isZero();
      Path whole = cache.fetch(file, path -> Files.write(path, FetchingProcess.content(1)));
      assertThat(whole).hasBinaryContent(FetchingProcess.content(1));
    }
  }
}
