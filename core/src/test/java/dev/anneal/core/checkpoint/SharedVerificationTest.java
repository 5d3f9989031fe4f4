package dev.anneal.core.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.collective.Collective;
import dev.anneal.core.collective.local.LocalGroup;
import dev.anneal.core.format.FormatException;
import dev.anneal.core.io.FileEntry;
import dev.anneal.core.io.FileStore;
import dev.anneal.core.io.LocalFileStore;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class SharedVerificationTest {
  private static final int WORLD = 3;

  @TempDir Path folder;

  private final FileStore store = new LocalFileStore();
  private final ExecutorService threads = Executors.newFixedThreadPool(WORLD);
  private final List<String> warnings = new ArrayList<>();
  private final Queue<String> opened = new ConcurrentLinkedQueue<>();

  @BeforeEach
  void saveTwoCheckpoints() throws IOException {
    Ranks writers = new Ranks(store, folder.toString(), WORLD);
    writers.save(3, "a");
    writers.save(5, "a");
  }

  @AfterEach
  void stop() {
    threads.shutdownNow();
  }

  private List<Optional<String>> latest(Optional<String> start) throws Exception {
    List<Callable<Optional<String>>> ranks = new ArrayList<>();
    for (Collective member : LocalGroup.of(WORLD).members()) {
      FileStore rankStore = new OpenedFiles(store, opened);
      ranks.add(
          () ->
              new SharedVerification(rankStore, folder.toString(), member, warnings::add)
                  .latest(start));
    }
    List<Optional<String>> found = new ArrayList<>();
    for (Future<Optional<String>> rank : threads.invokeAll(ranks)) {
      found.add(rank.get());
    }
    return found;
  }

  private String stepFolder(long step) {
    return CheckpointLayout.stepFolder(folder.toString(), step);
  }

  private Path fileOf(long step, int rank) {
    return Path.of(stepFolder(step), name(rank));
  }

  private static String name(int rank) {
    return CheckpointLayout.rankFile(rank, WORLD, "a");
  }

  private static void damage(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length - 1] ^= 1;
    Files.write(file, bytes);
  }

  @Test
  void everyRankFindsTheNewestAndAFileIsReadByOneRankAlone() throws Exception {
    assertThat(latest(Optional.empty())).hasSize(WORLD).containsOnly(Optional.of(stepFolder(5)));
    assertThat(warnings).isEmpty();
    for (int rank = 0; rank < WORLD; rank++) {
      String name = name(rank);
      assertThat(opened.stream().filter(path -> path.endsWith(name))).as(name).hasSize(1);
    }
  }

  @Test
  void aByteThatOneRankFindsChangedIsKnownToAll() throws Exception {
    damage(fileOf(5, 2));
    assertThat(latest(Optional.empty())).hasSize(WORLD).containsOnly(Optional.of(stepFolder(3)));
    assertThat(warnings)
        .containsExactly(
            "Skipping checkpoint "
                + stepFolder(5)
                + ": "
                + name(2)
                + " does not match its checksum");
  }

  @Test
  void withoutAWholeCheckpointAllFindNone() throws Exception {
    damage(fileOf(5, 0));
    Files.delete(fileOf(3, 1));
    assertThat(latest(Optional.empty())).containsOnly(Optional.empty());
    assertThat(warnings).hasSize(2);
  }

  @Test
  void whereTheRunBeganCountsWhenItIsWholeStill() throws Exception {
    Path other = folder.resolve("another run");
    Checkpoint start = new Ranks(store, other.toString(), 2).save(9, "b");
    assertThat(latest(Optional.of(start.folder()))).containsOnly(Optional.of(stepFolder(5)));
    damage(fileOf(5, 0));
    damage(fileOf(3, 0));
    assertThat(latest(Optional.of(start.folder()))).containsOnly(Optional.of(start.folder()));
    assertThatThrownBy(() -> latest(Optional.of(stepFolder(3))))
        .hasCauseInstanceOf(FormatException.class)
        .hasMessageContaining(
            "Cannot resume from "
                + stepFolder(3)
                + ": "
                + name(0)
                + " does not match its checksum");
  }

  /** Writes down which files are opened. */
  private record OpenedFiles(FileStore store, Queue<String> opened) implements FileStore {
    @Override
    public InputStream open(String path) throws IOException {
      opened.add(path);
      return store.open(path);
    }

    @Override
    public OutputStream create(String path) throws IOException {
      return store.create(path);
    }

    @Override
    public boolean exists(String path) throws IOException {
      return store.exists(path);
    }

    @Override
    public List<FileEntry> list(String path) throws IOException {
      return store.list(path);
    }

    @Override
    public void delete(String path) throws IOException {
      store.delete(path);
    }
  }
}
