package dev.anneal.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.anneal.jobs.JobLine;
import dev.anneal.jobs.failure.ExitCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A folder that holds a run: what goes on with it, and what leaves it alone. */
class ResumeTest {
  private static final String RESUME = "train.resume_from_checkpoint=true";

  @TempDir static Path temporary;
  private static TrainFixture fixture;
  private static Path done;

  @BeforeAll
  static void trainOnce() throws IOException {
    fixture = new TrainFixture(temporary);
    done = fixture.folder.resolve("done");
    JobLine line = fixture.train(done);
    assertThat(line.code()).as(line.err()).isZero();
  }

  private static Path torn(String name) throws IOException {
    Path run = fixture.copy(done, name);
    try (Stream<Path> files = Files.list(run.resolve("checkpoints/step-000004"))) {
      Path tensors =
          files.filter(f -> f.toString().endsWith(".safetensors")).findFirst().orElseThrow();
      byte[] bytes = Files.readAllBytes(tensors);
      bytes[bytes.length / 2] ^= 1;
      Files.write(tensors, bytes);
    }
    Files.delete(run.resolve("model/config.json"));
    return run;
  }

  @Test
  void aSecondRunLeavesTheFolderAsItWas() throws IOException {
    Map<String, List<Byte>> before = TrainFixture.content(done);
    JobLine line = fixture.train(done);
    assertThat(line.code()).isEqualTo(ExitCode.CONFIG.code());
    assertThat(line.err()).contains("holds another run", "train.resume_from_checkpoint = true");
    assertThat(TrainFixture.content(done)).isEqualTo(before);
    assertThat(TrainFixture.result(done).get("status").asText()).isEqualTo("ok");
  }

  @Test
  void aFinishedRunSaysSoAndStaysAsItIs() throws IOException {
    Map<String, List<Byte>> before = TrainFixture.content(done);
    JobLine line = fixture.train(done, RESUME);
    assertThat(line.code()).as(line.err()).isZero();
    assertThat(line.out()).contains(done + ": finished at step 4 already, nothing to do");
    assertThat(TrainFixture.content(done)).isEqualTo(before);
  }

  @Test
  void listsEverySettingThatDiffers() throws IOException {
    Map<String, List<Byte>> before = TrainFixture.content(done);
    JobLine line =
        fixture.train(
            done,
            RESUME,
            "train.seed=7",
            "train.learning_rate=1",
            "train.max_steps=3",
            "train.group_by_length=true");
    assertThat(line.code()).isEqualTo(ExitCode.CONFIG.code());
    assertThat(line.err())
        .contains(
            "4 settings differ: ",
            "train.group_by_length: false in the checkpoint, true now",
            "train.seed: 42 in the checkpoint, 7 now",
            "train.learning_rate: 0.001 in the checkpoint, 1.0 now",
            "steps of the run: 4 in the checkpoint, 3 now");
    assertThat(TrainFixture.content(done)).isEqualTo(before);
  }

  @Test
  void passesOverADamagedCheckpoint() throws IOException {
    Path run = torn("torn");
    JobLine line = fixture.train(run, RESUME);
    assertThat(line.code()).as(line.err()).isZero();
    assertThat(TrainFixture.losses(run)).isEqualTo(TrainFixture.losses(done));
    Path weights = Path.of("model/model.safetensors");
    assertThat(run.resolve(weights)).hasSameBinaryContentAs(done.resolve(weights));
  }

  @Test
  void goesOnWithAnotherNumberOfRanks() throws IOException {
    Path run = torn("more ranks");
    JobLine line =
        fixture.train(
            run,
            RESUME,
            "distributed.world_size=2",
            "distributed.zero_stage=2",
            "train.per_device_train_batch_size=1");
    assertThat(line.code()).as(line.err()).isZero();
    List<String> losses = TrainFixture.losses(run);
    assertThat(losses).hasSize(4);
    assertThat(losses.subList(0, 2)).isEqualTo(TrainFixture.losses(done).subList(0, 2));

    JobLine larger = fixture.train(torn("larger batch"), RESUME, "distributed.world_size=2");
    assertThat(larger.err())
        .contains("1 setting differs: global batch (rows): 2 in the checkpoint, 4 now");
  }

  @Test
  void saysThatThereIsNothingToResume() {
    Path empty = fixture.folder.resolve("empty run");
    JobLine line = fixture.train(empty, RESUME);
    assertThat(line.code()).isEqualTo(ExitCode.CONFIG.code());
    assertThat(line.err())
        .contains("Cannot resume: no whole checkpoint in " + empty)
        .contains("train.resume_from_checkpoint = auto starts anew");
    JobLine path = fixture.train(empty, "train.resume_from_checkpoint=nowhere/step-000002");
    assertThat(path.err()).contains("Cannot resume from nowhere/step-000002: no such folder");
  }

  @Test
  void trainsOneRowOnTwoRanksAndWithMoreSlicesThanRows() throws IOException {
    Path shards = fixture.folder.resolve("one row");
    fixture.tokenize(fixture.model, List.of("{\"text\": \"one row only\"}"), shards);
    for (int accumulation : new int[] {1, 5}) {
      Path run = fixture.folder.resolve("one row by " + accumulation);
      JobLine line =
          fixture.train(
              run,
              "data.train=" + shards,
              "distributed.world_size=2",
              "distributed.zero_stage=2",
              "train.gradient_accumulation_steps=" + accumulation);
      assertThat(line.code()).as(line.err()).isZero();
      assertThat(TrainFixture.losses(run)).hasSize(4);
    }
    assertThat(TrainFixture.losses(fixture.folder.resolve("one row by 5")))
        .isEqualTo(TrainFixture.losses(fixture.folder.resolve("one row by 1")));
  }
}
