package dev.anneal.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a process leaves that is asked to end. */
@Timeout(120)
class SignalTest {
  private static final int BY_SIGTERM = 128 + 15;

  @TempDir Path folder;

  private String output(String scheme) {
    return "train.output_dir=" + scheme + folder.resolve("aus gabe");
  }

  private void assertInterrupted(String message) throws IOException {
    JsonNode result = new ObjectMapper().readTree(folder.resolve("aus gabe/result.json").toFile());
    assertThat(result.path("exit_code").asInt()).isEqualTo(6);
    assertThat(result.path("exit_class").asText()).isEqualTo("interrupted");
    assertThat(result.path("message").asText()).isEqualTo(message);
  }

  @Test
  void theResultIsWrittenBeforeHadoopClosesItsFileSystems() throws Exception {
    try (SignalledProcess job = SignalledProcess.start("wait", output("oss:"))) {
      job.awaitLine("waiting");
      job.term();
      assertThat(job.end().code()).isEqualTo(BY_SIGTERM);
    }
    assertInterrupted("stopped by a signal");
  }

  @Test
  void aSecondSignalEndsAtOnceWhatIsFinishing() throws Exception {
    try (SignalledProcess job =
        SignalledProcess.start("wait", output(""), "train.max_steps=3600")) {
      job.awaitLine("waiting");
      job.term();
      job.awaitLine("finishing");
      job.term();
      assertThat(job.end().code()).isEqualTo(BY_SIGTERM);
    }
    assertInterrupted("stopped by a signal");
  }

  @Test
  void whatDoesNotFinishInTimeIsEnded() throws Exception {
    try (SignalledProcess job = SignalledProcess.start("wait", output(""), "train.max_steps=1")) {
      job.awaitLine("waiting");
      job.term();
      job.awaitLine("finishing");
      SignalledProcess.Ended end = job.end();
      assertThat(end.code()).as(end.output()).isEqualTo(6);
      assertThat(end.output()).contains("not finished within 1 s: ending now");
    }
    assertInterrupted("stopped by a signal");
  }
}
