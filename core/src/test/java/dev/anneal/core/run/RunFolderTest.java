package dev.anneal.core.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.checkpoint.Checkpoint;
import dev.anneal.core.checkpoint.CheckpointManifest;
import dev.anneal.core.checkpoint.CheckpointStore;
import dev.anneal.core.checkpoint.TrainPosition;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.Resume;
import dev.anneal.core.io.LocalFileStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunFolderTest {
  @TempDir private Path temporary;
  private final LocalFileStore disk = new LocalFileStore();
  private final List<String> warnings = new ArrayList<>();
  private String path;
  private RunFolder folder;

  @BeforeEach
  void folder() {
    path = temporary.resolve("my run 运行").toString();
    folder = new RunFolder(disk, path, warnings::add);
  }

  @Test
  void startsInANewFolder() throws IOException {
    assertThat(folder.start(Resume.parse("false"))).isEmpty();
    assertThat(folder.start(Resume.parse("auto"))).isEmpty();
  }

  @Test
  void startsWhereAnAttemptFailedBeforeItsFirstStep() throws IOException {
    disk.writeBytes(folder.child("config.resolved.conf"), new byte[1]);
    disk.writeBytes(folder.child("result.json"), new byte[1]);
    disk.writeBytes(folder.child("metrics.jsonl"), new byte[0]);
    Files.createDirectories(Path.of(folder.checkpointsPath()));

    assertThat(folder.start(Resume.parse("false"))).isEmpty();
  }

  @Test
  void refusesAFolderThatHoldsAnotherRun() throws IOException {
    for (String trace : List.of("metrics.jsonl", "adapter/adapter_config.json", "model/x")) {
      disk.writeBytes(folder.child(trace), new byte[1]);
      assertThatThrownBy(() -> folder.start(Resume.parse("false")))
          .isInstanceOf(ConfigException.class)
          .hasMessage(
              "Cannot start in "
                  + path
                  + ": it holds another run ("
                  + trace.replaceAll("/.*", "")
                  + "); choose another train.output_dir, or go on with it by"
                  + " train.resume_from_checkpoint = true");
      disk.delete(path);
    }
  }

  @Test
  void resumesFromTheLatest() throws IOException {
    commit(path, 5);
    commit(path, 10);

    assertThat(folder.start(Resume.parse("true")).orElseThrow().step()).isEqualTo(10);
    assertThat(folder.start(Resume.parse("auto")).orElseThrow().step()).isEqualTo(10);
    assertThatThrownBy(() -> folder.start(Resume.parse("false")))
        .hasMessageContaining("it holds another run (checkpoints)");
  }

  @Test
  void refusesToResumeFromNothing() throws IOException {
    Files.createDirectories(Path.of(path, "checkpoints", "step-000005"));

    assertThatThrownBy(() -> folder.start(Resume.parse("true")))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("Cannot resume: no whole checkpoint in " + path + "/checkpoints")
        .hasMessageContaining("train.resume_from_checkpoint = auto");
    assertThat(folder.start(Resume.parse("auto"))).isEmpty();
    assertThat(warnings).hasSize(2);
  }

  @Test
  void resumesFromAPathOfItsOwnOrOfAnotherRun() throws IOException {
    Checkpoint own = commit(path, 5);
    commit(path, 10);
    assertThat(folder.start(Resume.parse(own.folder()))).contains(own);

    RunFolder fresh = new RunFolder(disk, temporary.resolve("fresh").toString(), warnings::add);
    assertThat(fresh.start(Resume.parse(own.folder()))).contains(own);

    String other = temporary.resolve("other").toString();
    commit(other, 7);
    RunFolder used = new RunFolder(disk, other, warnings::add);
    assertThatThrownBy(() -> used.start(Resume.parse(own.folder())))
        .hasMessageContaining("Cannot start in " + other + ": it holds another run (checkpoints)");
    assertThatThrownBy(() -> folder.start(Resume.parse(path)))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("Cannot resume from " + path + ": no manifest.json");
  }

  private Checkpoint commit(String run, long step) throws IOException {
    return new CheckpointStore(disk, run + "/checkpoints", warnings::add)
        .commit(
            new CheckpointManifest(
                new TrainPosition(step, 0, 0, 0, 0, 1), 1, "a", Map.of(), Map.of(), List.of()));
  }
}
