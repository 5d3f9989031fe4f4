package dev.anneal.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.anneal.jobs.JobLine;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rank 0 writes the model while the others wait for it. */
class SlowExportTest {
  private static final int TIMEOUT_SECONDS = 5;

  @TempDir static Path temporary;

  @BeforeAll
  static void slowFiles() {
    System.setProperty(SlowFileSystem.SETTING, SlowFileSystem.class.getName());
  }

  @AfterAll
  static void noSlowFiles() {
    System.clearProperty(SlowFileSystem.SETTING);
  }

  @Test
  void anExportLongerThanAnyCollectiveEndsOnceAndWell() throws IOException {
    assertThat(SlowFileSystem.DELAY.toSeconds()).isGreaterThan(TIMEOUT_SECONDS);
    TrainFixture fixture = new TrainFixture(temporary);
    Path run = temporary.resolve("run");
    JobLine line =
        fixture.train(
            run,
            "train.output_dir=slow://" + run,
            "distributed.world_size=2",
            "train.per_device_train_batch_size=1",
            "distributed.operation_timeout_seconds=" + TIMEOUT_SECONDS);
    assertThat(line.code()).as(line.err()).isZero();
    assertThat(SlowFileSystem.EXPORTS).hasValue(1);
    assertThat(List.of(run.resolve("model/model.safetensors"), run.resolve("report.html")))
        .allSatisfy(file -> assertThat(file).isNotEmptyFile());
    assertThat(TrainFixture.losses(run)).hasSize(4);
  }
}
