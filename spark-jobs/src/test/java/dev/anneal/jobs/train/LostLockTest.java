package dev.anneal.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.anneal.jobs.JobLine;
import dev.anneal.jobs.failure.ExitCode;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.stream.Stream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.Progressable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A driver whose folder another one takes while its ranks write a checkpoint. */
class LostLockTest {
  private static final String KEY = "spark.hadoop.fs.oss.impl";

  @TempDir Path temporary;

  /** An object store where another driver comes when the files of step 4 are written. */
  public static final class Taken extends RawLocalFileSystem {
    @Override
    public String getScheme() {
      return "oss";
    }

    @Override
    public URI getUri() {
      return URI.create("oss:///");
    }

    @Override
    public FSDataOutputStream create(
        org.apache.hadoop.fs.Path file,
        FsPermission permission,
        boolean overwrite,
        int bufferSize,
        short replication,
        long blockSize,
        Progressable progress)
        throws IOException {
      takeOver(Path.of(file.toUri().getPath()));
      return super.create(
          file, permission, overwrite, bufferSize, replication, blockSize, progress);
    }

    @Override
    public FSDataOutputStream create(
        org.apache.hadoop.fs.Path file,
        boolean overwrite,
        int bufferSize,
        short replication,
        long blockSize,
        Progressable progress)
        throws IOException {
      takeOver(Path.of(file.toUri().getPath()));
      return super.create(file, overwrite, bufferSize, replication, blockSize, progress);
    }

    private static void takeOver(Path file) throws IOException {
      Path step = file.getParent();
      if (step.endsWith("checkpoints/step-000004")) {
        String claim =
            """
            {"host": "elsewhere", "pid": 7, "process_started": "%1$s", "token": "other",
             "renewed": "%1$s"}
            """
                .formatted(Instant.now());
        Path lock = step.getParent().resolveSibling("run.lock");
        Files.write(lock, claim.getBytes(StandardCharsets.UTF_8));
      }
    }
  }

  @BeforeEach
  void mountTheStore() {
    System.setProperty(KEY, Taken.class.getName());
  }

  @AfterEach
  void forgetTheStore() {
    System.clearProperty(KEY);
  }

  @Test
  void commitsNothingMoreAndSaysWhoHasTheFolder() throws IOException {
    TrainFixture fixture = new TrainFixture(temporary);
    Path run = fixture.folder.resolve("taken");
    JobLine line = fixture.train(Path.of("oss:" + run), "train.max_steps=6");

    assertThat(line.code()).as(line.err()).isEqualTo(ExitCode.INFRASTRUCTURE.code());
    assertThat(line.err())
        .startsWith("Error: Cannot commit to oss:" + run + ": process 7 on elsewhere holds ")
        .doesNotContain("\tat ");
    try (Stream<Path> steps = Files.list(run.resolve("checkpoints"))) {
      assertThat(steps.filter(step -> Files.exists(step.resolve("manifest.json"))))
          .extracting(step -> step.getFileName().toString())
          .containsExactly("step-000002");
    }
    assertThat(TrainFixture.losses(run)).as("lines up to the last commit").hasSize(2);
    assertThat(run.resolve("result.json")).doesNotExist();
    assertThat(run.resolve("report.html")).doesNotExist();
    assertThat(run.resolve("model")).doesNotExist();
    assertThat(run.resolve("run.lock")).content().contains("elsewhere");
  }
}
