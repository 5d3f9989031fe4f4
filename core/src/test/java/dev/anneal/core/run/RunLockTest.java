package dev.anneal.core.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.io.FileStore;
import dev.anneal.core.io.LocalFileStore;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunLockTest {
  private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");
  private static final Clock CLOCK = Clock.fixed(NOW, ZoneOffset.UTC);

  @TempDir private Path temporary;
  private final FileStore disk = new LocalFileStore();
  private final LockHolder self = LockHolder.ofThisProcess();
  private String folder;
  private String file;

  @BeforeEach
  void folder() {
    folder = temporary.resolve("a run").toString();
    file = FileStore.join(folder, "run.lock");
  }

  @Test
  void letsOneIn() throws IOException {
    try (RunLock lock = RunLock.acquire(disk, folder)) {
      assertThat(lock).isNotNull();
      assertThatThrownBy(() -> RunLock.acquire(disk, folder))
          .isInstanceOf(ConfigException.class)
          .hasMessageStartingWith("Cannot start in " + folder + ": process " + self.pid())
          .hasMessageContaining("train.output_dir")
          .hasMessageEndingWith("delete " + file + ")");
    }
    assertThat(disk.exists(file)).isFalse();
    RunLock.acquire(disk, folder).close();
  }

  @Test
  void takesOverFromAProcessThatIsGone() throws IOException {
    long unusedPid = Long.MAX_VALUE;
    hold(new LockHolder(self.host(), unusedPid, NOW, "x"), NOW);

    RunLock.acquire(disk, folder, CLOCK, self).close();
  }

  @Test
  void takesOverFromAnEarlierProcessOfTheSameNumber() throws IOException {
    hold(new LockHolder(self.host(), self.pid(), Instant.EPOCH, "x"), NOW);

    RunLock.acquire(disk, folder, CLOCK, self).close();
  }

  @Test
  void keepsOutWhatAnotherHostHoldsUntilItFallsSilent() throws IOException {
    LockHolder other = new LockHolder("elsewhere", 1, NOW, "x");
    hold(other, NOW.minusSeconds(299));
    assertThatThrownBy(() -> RunLock.acquire(disk, folder, CLOCK, self))
        .hasMessageContaining("process 1 on elsewhere is running in it, last seen 2026-01-02");

    hold(other, NOW.minusSeconds(301));
    RunLock.acquire(disk, folder, CLOCK, self).close();
  }

  @Test
  void takesOverAFileThatIsNoLock() throws IOException {
    disk.writeBytes(file, "{\"host\":".getBytes(StandardCharsets.UTF_8));

    RunLock.acquire(disk, folder, CLOCK, self).close();
  }

  @Test
  void leavesALockThatAnotherTookOver() throws IOException {
    LockHolder other = new LockHolder("elsewhere", 1, NOW, "x");
    RunLock lock = RunLock.acquire(disk, folder, CLOCK, self);
    hold(other, NOW);
    lock.close();

    assertThat(LockHolder.parse(disk.readBytes(file)).orElseThrow().holder()).isEqualTo(other);
  }

  /** Silent for longer than the lease, as a process that its host froze. */
  private RunLock tookOver(RunLock asleep) throws IOException {
    assertThat(asleep).isNotNull();
    Clock later = Clock.offset(CLOCK, Duration.ofMinutes(5).plusSeconds(1));
    return RunLock.acquire(disk, folder, later, new LockHolder("second", 2, NOW, "b"));
  }

  private RunLock first() throws IOException {
    return RunLock.acquire(disk, folder, CLOCK, new LockHolder("first", 1, NOW, "a"));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void aHolderThatSleptOverItsLockCommitsNothingMore() throws IOException {
    String manifest = FileStore.join(folder, "checkpoints/step-000002/manifest.json");
    String metrics = FileStore.join(folder, "metrics.jsonl");
    RunLock first = first();
    FileStore commits = first.guard(disk);
    commits.writeBytes(FileStore.join(folder, "before"), bytes("before"));
    OutputStream appended = commits.append(metrics).orElseThrow();
    appended.write(bytes("1\n"));
    OutputStream begun = commits.create(manifest);
    begun.write(bytes("{}"));

    try (RunLock second = tookOver(first)) {
      Map<String, String> held = files();
      held.keySet().removeIf(name -> name.contains("/.manifest.json."));
      for (ThrowingCallable change :
          List.<ThrowingCallable>of(
              begun::close,
              () -> commits.writeBytes(manifest, bytes("{}")),
              () -> commits.createIfAbsent(manifest, bytes("{}")),
              () -> commits.append(metrics),
              () -> appended.write(bytes("2\n")),
              () -> appended.write('2'),
              () -> commits.delete(FileStore.join(folder, "before")))) {
        assertThatThrownBy(change)
            .isInstanceOf(RunLockLostException.class)
            .hasMessageStartingWith("Cannot commit to " + folder + ": process 2 on second holds ")
            .hasMessageContaining("silent for 5 minutes");
      }
      begun.close();
      assertThat(files()).as("what the folder holds").isEqualTo(held);
      second.guard(disk).writeBytes(manifest, bytes("{}"));
      first.close();
      second.requireHeld();
    }
    assertThatThrownBy(first::requireHeld)
        .as("also when the successor has left again")
        .isInstanceOf(RunLockLostException.class);
  }

  @Test
  void saysOnceThatTheLockWasLost() throws IOException {
    RunLock first = first();
    List<String> said = new ArrayList<>();
    first.onLost(loss -> said.add(loss.getMessage()));
    first.requireHeld();
    disk.delete(file);
    assertThatThrownBy(first::requireHeld).hasMessageContaining("run.lock was removed");
    assertThatThrownBy(first::requireHeld).isInstanceOf(RunLockLostException.class);
    assertThat(said).hasSize(1);
    first.onLost(loss -> said.add("too late to be silent"));
    assertThat(said).hasSize(2);
    first.close();
  }

  /** Every file below the folder. */
  private Map<String, String> files() throws IOException {
    Map<String, String> content = new TreeMap<>();
    try (Stream<Path> all = Files.walk(Path.of(folder))) {
      for (Path each : (Iterable<Path>) all.filter(Files::isRegularFile)::iterator) {
        content.put(each.toString(), Files.readString(each));
      }
    }
    return content;
  }

  private void hold(LockHolder holder, Instant renewed) throws IOException {
    disk.writeBytes(file, holder.toJson(renewed));
  }
}
