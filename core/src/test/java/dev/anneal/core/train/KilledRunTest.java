package dev.anneal.core.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.checkpoint.Checkpoint;
import dev.anneal.core.checkpoint.CheckpointStore;
import dev.anneal.core.io.FileStore;
import dev.anneal.core.io.LocalFileStore;
import dev.anneal.core.run.MetricsFile;
import dev.anneal.core.run.StepMetrics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run killed at any change of its folder goes on as if nothing had happened. */
class KilledRunTest {
  private static final int POINTS = 14;

  @TempDir Path folder;

  /** What must have the same bits; speed and memory may differ. */
  private static List<List<Object>> exact(List<StepMetrics> steps) {
    List<List<Object>> lines = new ArrayList<>();
    for (StepMetrics step : steps) {
      lines.add(
          List.of(
              step.step(),
              step.loss(),
              step.gradNorm(),
              step.learningRate(),
              step.tokens(),
              step.targetTokens(),
              step.epoch()));
    }
    return lines;
  }

  private SmallRun run(FileStore store, String name, String... settings) throws IOException {
    List<String> all =
        new ArrayList<>(
            List.of(
                "adapter.peft_type=LORA",
                "adapter.lora_dropout=0.1",
                "distributed.world_size=2",
                "distributed.zero_stage=2",
                "train.per_device_train_batch_size=1",
                "train.save_total_limit=1"));
    all.addAll(List.of(settings));
    return SmallRun.of(store, "curve-lora", folder.resolve(name), all.toArray(String[]::new));
  }

  private byte[] adapter(String name) throws IOException {
    return Files.readAllBytes(folder.resolve(name).resolve("adapter/adapter_model.safetensors"));
  }

  private List<StepMetrics> metrics(String name) {
    return MetricsFile.read(
        new LocalFileStore(), folder.resolve(name).resolve("metrics.jsonl").toString());
  }

  @Test
  void endsWithTheSameBitsWhereverItWasKilled() throws Exception {
    LocalFileStore disk = new LocalFileStore();
    DyingStore immortal = new DyingStore(Long.MAX_VALUE - 1);
    run(immortal, "calm run 平静").train();
    List<List<Object>> calm = exact(metrics("calm run 平静"));
    assertThat(calm).hasSize(6);
    long changes = immortal.changes();
    assertThat(changes).as("changes of a whole run").isGreaterThan(POINTS);
    int torn = 0;
    for (int point = 0; point < POINTS; point++) {
      long lastChange = point * changes / POINTS;
      String name = "killed at " + lastChange;
      DyingStore dying = new DyingStore(lastChange);
      assertThatThrownBy(() -> run(dying, name).train())
          .as("change %d", lastChange)
          .hasMessageContaining("killed");
      assertThat(dying.dead()).isTrue();
      torn += requireMetricsUpToCheckpoint(name);

      run(disk, name, "train.resume_from_checkpoint=auto").train();

      assertThat(exact(metrics(name))).as(name).isEqualTo(calm);
      assertThat(adapter(name)).as(name).isEqualTo(adapter("calm run 平静"));
    }
    assertThat(torn).as("kills between the ranks' files and the marker").isPositive();
  }

  @Test
  void endsAfterTheStepInWhichARankWantsToStopAndGoesOnWithTheSameBits() throws Exception {
    LocalFileStore disk = new LocalFileStore();
    run(disk, "calm").train();
    for (int step : new int[] {3, 4}) { // between two checkpoints, and where one is due anyway
      String name = "stopped in " + step;
      run(disk, name).stoppedIn(step).train();
      assertThat(metrics(name)).hasSize(step);
      assertThat(new CheckpointStore(disk, checkpoints(name), line -> {}).latest())
          .hasValueSatisfying(checkpoint -> assertThat(checkpoint.step()).isEqualTo(step));
      assertThat(folder.resolve(name).resolve("adapter")).doesNotExist();

      run(disk, name, "train.resume_from_checkpoint=true").train();
      assertThat(exact(metrics(name))).as(name).isEqualTo(exact(metrics("calm")));
      assertThat(adapter(name)).as(name).isEqualTo(adapter("calm"));
    }
    run(disk, "stopped in the last").stoppedIn(6).train();
    assertThat(adapter("stopped in the last")).isEqualTo(adapter("calm"));
  }

  private String checkpoints(String name) {
    return folder.resolve(name).resolve("checkpoints").toString();
  }

  /** Whether a checkpoint had to be passed over. */
  private int requireMetricsUpToCheckpoint(String name) throws IOException {
    List<String> warnings = new ArrayList<>();
    long step =
        new CheckpointStore(new LocalFileStore(), checkpoints(name), warnings::add)
            .latest()
            .map(Checkpoint::step)
            .orElse(0L);
    assertThat(metrics(name)).as(name).hasSizeGreaterThanOrEqualTo((int) step);
    return warnings.isEmpty() ? 0 : 1;
  }
}
