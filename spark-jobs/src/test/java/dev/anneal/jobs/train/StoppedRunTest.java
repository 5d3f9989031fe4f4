package dev.anneal.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.anneal.jobs.JobLine;
import dev.anneal.jobs.SignalledProcess;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A training whose driver gets SIGTERM: what it leaves, and what goes on with it. */
@Timeout(180)
class StoppedRunTest {
  private static final String[] LONG = {
    "train.max_steps=100",
    "train.save_steps=100000",
    "train.logging_steps=1",
    "distributed.world_size=2",
    "train.per_device_train_batch_size=1"
  };

  @TempDir Path temporary;

  @Test
  void theStepInProgressIsSavedAndAResumeHasTheSameBits() throws Exception {
    TrainFixture fixture = new TrainFixture(temporary);
    Path calm = fixture.folder.resolve("calm");
    JobLine undisturbed = fixture.train(calm, LONG);
    assertThat(undisturbed.code()).as(undisturbed.err()).isZero();

    Path run = fixture.folder.resolve("stopped");
    String[] settings = fixture.settings(run, LONG).toArray(String[]::new);
    SignalledProcess.Ended end;
    try (SignalledProcess job = SignalledProcess.start("train", settings)) {
      job.awaitLine("step=7/100");
      job.term();
      end = job.end();
    }
    assertThat(end.code()).as(end.output()).isEqualTo(6);
    int steps = TrainFixture.losses(run).size();
    assertThat(steps).isBetween(7, 299);
    JsonNode result = TrainFixture.result(run);
    assertThat(result.path("exit_class").asText()).isEqualTo("interrupted");
    assertThat(result.path("counts").path("steps").asInt()).isEqualTo(steps);
    assertThat(result.path("message").asText())
        .isEqualTo(
            "Stopped by a signal after step "
                + steps
                + " of 100, which is saved (go on with train.resume_from_checkpoint = auto)");
    assertThat(run.resolve("checkpoints/step-%06d/manifest.json".formatted(steps))).exists();
    assertThat(run.resolve("model")).doesNotExist();
    assertThat(run.resolve("run.lock")).doesNotExist();
    assertThat(run.resolve("report.html")).content().contains("Stopped by a signal");

    JobLine resumed = fixture.train(run, withResume());
    assertThat(resumed.code()).as(resumed.err()).isZero();
    assertThat(TrainFixture.losses(run)).isEqualTo(TrainFixture.losses(calm));
    Path weights = Path.of("model/model.safetensors");
    assertThat(run.resolve(weights)).hasSameBinaryContentAs(calm.resolve(weights));
  }

  private static String[] withResume() {
    return Stream.concat(Stream.of(LONG), Stream.of("train.resume_from_checkpoint=auto"))
        .toArray(String[]::new);
  }
}
