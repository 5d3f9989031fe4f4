package dev.anneal.core.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.io.FileStore;
import dev.anneal.core.io.LocalFileStore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
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

  private void hold(LockHolder holder, Instant renewed) throws IOException {
    disk.writeBytes(file, holder.toJson(renewed));
  }
}
