package dev.anneal.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.anneal.jobs.JobLine;
import dev.anneal.jobs.export.ExportJob;
import dev.anneal.jobs.failure.ExitCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run over a base in 4 bits, as the jobs see it. */
class FourBitRunTest {
  private static final String LORA = "adapter.peft_type=LORA";
  private static final String NF4 = "model.frozen_storage=nf4";
  private static final String RESUME = "train.resume_from_checkpoint=true";

  @TempDir static Path temporary;
  private static TrainFixture fixture;
  private static Path done;

  @BeforeAll
  static void trainOnce() throws IOException {
    fixture = new TrainFixture(temporary);
    done = fixture.folder.resolve("qlora");
    JobLine line = fixture.train(done, LORA, NF4);
    assertThat(line.code()).as(line.err()).isZero();
  }

  /** The run as it was after step 2. */
  private static Path stopped(String name) throws IOException {
    Path run = fixture.copy(done, name);
    Files.delete(run.resolve("checkpoints/step-000004/manifest.json"));
    Files.delete(run.resolve("adapter/adapter_config.json"));
    return run;
  }

  @Test
  void trainsOnOtherWeightsThanTheFilesAndLeavesAPlainAdapter() throws IOException {
    Path plain = fixture.folder.resolve("lora");
    assertThat(fixture.train(plain, LORA).code()).isZero();
    assertThat(TrainFixture.losses(plain)).isNotEqualTo(TrainFixture.losses(done));
    Path config = Path.of("adapter/adapter_config.json");
    assertThat(done.resolve(config)).hasSameBinaryContentAs(plain.resolve(config));
  }

  @Test
  void resumesBitForBit() throws IOException {
    Path run = stopped("resumed");
    JobLine line = fixture.train(run, LORA, NF4, RESUME);
    assertThat(line.code()).as(line.err()).isZero();
    assertThat(TrainFixture.losses(run)).hasSize(4).isEqualTo(TrainFixture.losses(done));
    Path adapter = Path.of("adapter/adapter_model.safetensors");
    assertThat(run.resolve(adapter)).hasSameBinaryContentAs(done.resolve(adapter));
  }

  @Test
  void refusesToGoOnWithAnotherStorage() throws IOException {
    Path run = stopped("another storage");
    JobLine line = fixture.train(run, LORA, RESUME);
    assertThat(line.code()).isEqualTo(ExitCode.CONFIG.code());
    assertThat(line.err())
        .contains(
            "1 setting differs: frozen weights: nf4, double quantisation in the checkpoint, absent"
                + " now");
    JobLine single = fixture.train(run, LORA, NF4, "model.double_quantisation=false", RESUME);
    assertThat(single.err())
        .contains("frozen weights: nf4, double quantisation in the checkpoint, nf4 now");
  }

  @Test
  void twoRanksGiveTheSameLossesToRounding() throws IOException {
    Path run = fixture.folder.resolve("two ranks");
    JobLine line =
        fixture.train(
            run,
            LORA,
            NF4,
            "distributed.world_size=2",
            "distributed.zero_stage=2",
            "train.per_device_train_batch_size=1");
    assertThat(line.code()).as(line.err()).isZero();
    List<Double> one = losses(done);
    List<Double> two = losses(run);
    assertThat(two).hasSize(4);
    for (int i = 0; i < 4; i++) {
      assertThat(two.get(i)).isCloseTo(one.get(i), within(1e-5 * one.get(i)));
    }
  }

  private static List<Double> losses(Path run) throws IOException {
    List<Double> losses = new ArrayList<>();
    for (String line : TrainFixture.losses(run)) {
      losses.add(Double.parseDouble(line.split(" ")[1]));
    }
    return losses;
  }

  @Test
  void exportMergesIntoTheWeightsOfTheFolder() throws IOException {
    Path plain = export("plain");
    Path named = export("named", NF4);
    Path weights = Path.of("model.safetensors");
    assertThat(named.resolve(weights)).hasSameBinaryContentAs(plain.resolve(weights));
  }

  private static Path export(String name, String... more) {
    Path target = fixture.folder.resolve("export " + name);
    List<String> settings =
        new ArrayList<>(
            List.of(
                "model.path=" + fixture.model,
                "adapter.path=" + done.resolve("adapter"),
                "export.output=" + target));
    settings.addAll(List.of(more));
    JobLine line = JobLine.run(new ExportJob(), settings.toArray(String[]::new));
    assertThat(line.code()).as(line.err()).isZero();
    return target;
  }

  @Test
  void fullTuningIsRefusedBeforeTheJob() {
    JobLine line = fixture.train(fixture.folder.resolve("full"), NF4);
    assertThat(line.code()).isEqualTo(ExitCode.CONFIG.code());
    assertThat(line.err())
        .contains("Invalid model.frozen_storage: nf4 (must be auto, float32 or file in full tuning")
        .doesNotContain("Exception");
  }
}
