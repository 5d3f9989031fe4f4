package dev.anneal.core.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.io.FileEntry;
import dev.anneal.core.io.FileStore;
import dev.anneal.core.io.LocalFileStore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointStoreTest {
  @TempDir private Path temporary;
  private final LocalFileStore disk = new LocalFileStore();
  private final List<String> warnings = new ArrayList<>();
  private String folder;
  private Ranks ranks;
  private CheckpointStore store;

  @BeforeEach
  void twoRanks() {
    folder = temporary.resolve("run 运行/checkpoints").toString();
    ranks = new Ranks(disk, folder, 2);
    store = new CheckpointStore(disk, folder, warnings::add);
  }

  @Test
  void findsNothingInANewFolder() throws IOException {
    assertThat(store.latest()).isEmpty();
    assertThat(store.list()).isEmpty();
    store.prune(1);
    store.discardAfter(-1);
  }

  @Test
  void choosesTheNewestCommittedOne() throws IOException {
    ranks.save(5, "a");
    Checkpoint saved = ranks.save(10, "a");

    assertThat(store.latest()).contains(saved);
    assertThat(saved.folder()).isEqualTo(folder + "/step-000010");
    assertThat(names(10))
        .containsExactly(
            "manifest.json",
            "rank-00000-of-00002.a.safetensors",
            "rank-00001-of-00002.a.safetensors");
    assertThat(store.open(5).manifest().position())
        .isEqualTo(new TrainPosition(5, 1, 40, 500, 450, 42));
    assertThat(warnings).isEmpty();
  }

  @Test
  void ordersStepsByNumberAndNotByName() throws IOException {
    ranks.save(999_999, "a");
    ranks.save(1_000_000, "a");

    assertThat(store.latest().orElseThrow().step()).isEqualTo(1_000_000);
  }

  @Test
  void passesOverACheckpointWhoseMarkerWasNeverWritten() throws IOException {
    ranks.save(5, "a");
    ranks.write(10, 0, "a");
    ranks.write(10, 1, "a");

    assertFallsBackTo5("step-000010: no manifest.json: it was never committed");
  }

  @Test
  void passesOverACheckpointWithPartOfTheFiles() throws IOException {
    ranks.save(5, "a");
    ranks.write(10, 1, "a");

    assertFallsBackTo5("no manifest.json");
  }

  @Test
  void passesOverACheckpointWhoseMarkerIsHalfWritten() throws IOException {
    ranks.save(5, "a");
    ranks.save(10, "a");
    Path manifest = Path.of(folder, "step-000010", "manifest.json");
    byte[] whole = Files.readAllBytes(manifest);
    for (int length : new int[] {0, 1, whole.length / 2, whole.length - 2}) {
      Files.write(manifest, Arrays.copyOf(whole, length));
      warnings.clear();
      assertFallsBackTo5("Cannot read manifest.json: ");
    }
  }

  @Test
  void passesOverACheckpointWithAChangedByte() throws IOException {
    ranks.save(5, "a");
    ranks.save(10, "a");
    Path file = Path.of(folder, "step-000010", "rank-00001-of-00002.a.safetensors");
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length - 3] ^= 4;
    Files.write(file, bytes);

    assertFallsBackTo5("rank-00001-of-00002.a.safetensors does not match its checksum");
  }

  @Test
  void passesOverACheckpointWithAShortOrMissingFile() throws IOException {
    ranks.save(5, "a");
    ranks.save(10, "a");
    Path file = Path.of(folder, "step-000010", "rank-00000-of-00002.a.safetensors");
    byte[] bytes = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(bytes, bytes.length - 4));
    assertFallsBackTo5(
        "rank-00000-of-00002.a.safetensors has "
            + (bytes.length - 4)
            + " bytes (expected "
            + bytes.length
            + ")");

    Files.delete(file);
    warnings.clear();
    assertFallsBackTo5("rank-00000-of-00002.a.safetensors is missing");
  }

  @Test
  void passesOverACheckpointOfALaterVersion() throws IOException {
    ranks.save(5, "a");
    ranks.save(10, "a");
    Path manifest = Path.of(folder, "step-000010", "manifest.json");
    Files.writeString(
        manifest, Files.readString(manifest).replace("\"version\": 1", "\"version\": 2"));

    assertFallsBackTo5("Unsupported version: 2 (supported: 1) in manifest.json");
  }

  @Test
  void passesOverAFolderThatWasRenamed() throws IOException {
    ranks.save(5, "a");
    Files.move(Path.of(ranks.save(10, "a").folder()), Path.of(folder, "step-000020"));

    assertFallsBackTo5("step-000020: its manifest is of step 10");
  }

  @Test
  void refusesToOpenATornOneByName() throws IOException {
    ranks.write(10, 0, "a");

    assertThatThrownBy(() -> store.open(10))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("Cannot resume from " + folder + "/step-000010: no manifest.json")
        .hasMessageContaining("resume_from_checkpoint");
    assertThatThrownBy(() -> CheckpointStore.openFolder(disk, folder + "/none"))
        .isInstanceOf(ConfigException.class);
  }

  @Test
  void commitsOnlyWhatArrived() throws IOException {
    List<RankFile> files = List.of(ranks.write(5, 0, "a"), ranks.write(5, 1, "a"));
    disk.delete(folder + "/step-000005/" + files.get(1).name());

    assertThatThrownBy(() -> store.commit(ranks.manifest(5, "a", files)))
        .hasMessage(
            "Cannot commit checkpoint "
                + folder
                + "/step-000005: rank-00001-of-00002.a.safetensors is missing");

    assertThat(names(5)).doesNotContain("manifest.json");
  }

  @Test
  void commitsAnAttemptOnce() throws IOException {
    ranks.save(5, "a");

    assertThatThrownBy(() -> ranks.save(5, "a"))
        .hasMessage(
            "Cannot commit checkpoint "
                + folder
                + "/step-000005: attempt a has committed it already");
  }

  @Test
  void takesOverWhatALostAttemptCommittedOnItsWay() throws IOException {
    ranks.save(5, "run-0");
    ranks.save(5, "run-1");

    assertThat(store.latest().orElseThrow().manifest().attempt()).isEqualTo("run-1");
    assertThat(names(5)).hasSize(3).noneMatch(name -> name.contains("run-0"));
  }

  @Test
  void writesASecondAttemptBesideATornOneAndCleansUp() throws IOException {
    ranks.write(5, 0, "run-0");
    ranks.save(5, "run-1");

    assertThat(names(5)).allMatch(name -> name.equals("manifest.json") || name.contains("run-1"));
    assertThat(store.latest()).isPresent();
  }

  @Test
  void keepsTheNewestAndRemovesTornOnesThatAreOlder() throws IOException {
    ranks.save(5, "a");
    ranks.write(7, 0, "a");
    ranks.save(10, "a");
    ranks.save(15, "a");
    ranks.write(20, 0, "a");

    store.prune(2);

    assertThat(steps()).containsExactly(10L, 15L, 20L);
  }

  @Test
  void neverRemovesTheNewestWholeOne() throws IOException {
    ranks.save(5, "a");
    ranks.save(10, "a");
    ranks.write(15, 0, "a");
    Path file = Path.of(folder, "step-000010", "rank-00000-of-00002.a.safetensors");
    Files.write(file, new byte[(int) Files.size(file)]);

    store.prune(1);

    assertThat(store.latest().orElseThrow().step()).isEqualTo(5);
    store.prune(0);
    assertThat(store.latest().orElseThrow().step()).isEqualTo(5);
    assertThatThrownBy(() -> store.prune(-1))
        .hasMessage("Invalid save_total_limit: -1 (must be >= 0; 0 keeps all)");
  }

  @Test
  void forgetsTheFutureOfAnEarlierStep() throws IOException {
    ranks.save(5, "a");
    ranks.save(10, "a");
    ranks.write(15, 0, "a");

    store.discardAfter(5);

    assertThat(steps()).containsExactly(5L);
    ranks.save(10, "b");
    assertThat(store.latest().orElseThrow().manifest().attempt()).isEqualTo("b");
  }

  @Test
  void saysWhatIsWrongWithEach() throws IOException {
    ranks.save(5, "a");
    ranks.write(10, 0, "a");
    Files.createDirectories(Path.of(folder, "notes"));

    assertThat(store.list())
        .containsExactly(
            new CheckpointStatus(5, folder + "/step-000005", ""),
            new CheckpointStatus(
                10, folder + "/step-000010", "no manifest.json: it was never committed"));
  }

  @Test
  void aFullDiskAtAnyByteLeavesThePreviousOne() throws IOException {
    ranks.save(5, "a");
    long whole = 0;
    for (FileEntry entry : disk.list(folder + "/step-000005")) {
      whole += entry.sizeBytes();
    }
    for (long room : new long[] {0, 100, 600, whole / 2, whole - 200, whole - 1}) {
      FileStore full = new FailingStore(room);
      assertThatThrownBy(() -> new Ranks(full, folder, 2).save(10, "a" + room))
          .as("room %s", room)
          .isInstanceOf(IOException.class)
          .hasMessageContaining("Cannot write " + folder + "/step-000010/")
          .hasMessageContaining("No space left on device");
      assertThat(store.latest().orElseThrow().step()).isEqualTo(5);
    }
    new Ranks(new FailingStore(whole + 100), folder, 2).save(10, "last");
    assertThat(store.latest().orElseThrow().step()).isEqualTo(10);
  }

  @Test
  void refusesManifestsWithHolesAndDoubles() throws IOException {
    RankFile first = ranks.write(5, 0, "a");
    RankFile second = ranks.write(5, 1, "a");

    assertThatThrownBy(() -> ranks.manifest(5, "a", List.of(first)))
        .hasMessageContaining("Invalid slices of layers.0.lora_A.weight: 23 of 35 elements");
    assertThatThrownBy(() -> ranks.manifest(5, "a", List.of(second)))
        .hasMessageContaining("element 0 is held by no file");
    assertThatThrownBy(() -> ranks.manifest(5, "a", List.of(first, first)))
        .hasMessageContaining("comes twice");
    RankFile copy = new RankFile("x", 0, 1, "", first.elements(), first.kinds(), first.slices());
    assertThatThrownBy(() -> ranks.manifest(5, "a", List.of(first, copy, second)))
        .hasMessageContaining("is held twice");
    assertThatThrownBy(() -> ranks.write(5, 0, "a/b"))
        .hasMessage("Invalid attempt: 'a/b' (must be 1 to 64 of A-Z a-z 0-9 _ -)");
    assertThatThrownBy(() -> new RankFile("../x", 0, 1, "", 0, List.of(), List.of()))
        .hasMessage("Invalid file: '../x' (must be a plain name)");
    assertThatThrownBy(() -> RankFile.fromJson("{}".getBytes(StandardCharsets.UTF_8)))
        .hasMessageContaining("Invalid name");
  }

  private void assertFallsBackTo5(String reason) throws IOException {
    assertThat(store.latest().orElseThrow().step()).isEqualTo(5);
    assertThat(warnings)
        .hasSize(1)
        .allMatch(warning -> warning.startsWith("Skipping checkpoint " + folder + "/step-"))
        .allMatch(warning -> warning.contains(reason), reason);
  }

  private List<String> names(long step) throws IOException {
    return disk.list(CheckpointLayout.stepFolder(folder, step)).stream()
        .map(FileEntry::name)
        .toList();
  }

  private List<Long> steps() throws IOException {
    return store.list().stream().map(CheckpointStatus::step).toList();
  }
}
