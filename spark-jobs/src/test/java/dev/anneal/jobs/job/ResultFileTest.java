package dev.anneal.jobs.job;

import static org.assertj.core.api.Assertions.assertThat;

import dev.anneal.core.io.LocalFileStore;
import dev.anneal.jobs.failure.ExitCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ResultFileTest {
  @TempDir Path folder;

  @Test
  void removesWhatAKilledDriverLeftOfItsOwn() throws IOException {
    Files.writeString(folder.resolve(".result.json.0d5f880e-d31b-4ff5-b7a8-1d531f866acf.tmp"), "{");
    Files.writeString(folder.resolve(".result.json.mine.tmp"), "not a driver's");
    new ResultFile(new LocalFileStore(), "tokenize", folder.toString(), Instant.EPOCH)
        .write(JobResult.ok("done"), Instant.EPOCH.plusSeconds(2));
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left.map(path -> path.getFileName().toString()))
          .containsExactlyInAnyOrder("result.json", ".result.json.mine.tmp");
    }
    assertThat(Files.readString(folder.resolve("result.json")))
        .contains("\"status\" : \"ok\"", "\"seconds\" : 2.0");
  }

  @Test
  void aSettingToMendLeavesTheResultOfAnEarlierRun() throws IOException {
    Files.writeString(folder.resolve("result.json"), "earlier");
    new ResultFile(new LocalFileStore(), "tokenize", folder.toString(), Instant.EPOCH)
        .write(JobResult.of(ExitCode.CONFIG, "bad"), Instant.EPOCH);
    assertThat(Files.readString(folder.resolve("result.json"))).isEqualTo("earlier");
  }
}
