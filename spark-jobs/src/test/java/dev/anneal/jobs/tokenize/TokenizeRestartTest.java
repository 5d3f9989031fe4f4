package dev.anneal.jobs.tokenize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.data.ShardManifest;
import dev.anneal.core.run.RunLock;
import dev.anneal.data.config.InputConfig;
import dev.anneal.jobs.io.HadoopFileStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;

/** What a run that comes after an interrupted one does again, and what it does not. */
class TokenizeRestartTest extends TokenizeTest {
  private static final FileTime TIME = FileTime.fromMillis(1_700_000_000_000L);

  @Test
  void makesOnlyTheSplitsThatAreMissing() throws IOException {
    TestCorpus settings = interrupted();
    Path staging = staging();
    int whole = markers(staging).size();
    assertThat(whole).isBetween(1, 2); // one may be in the works when the last one fails
    Files.writeString(output.resolve("data-00000-of-00009.arrow"), "of an older plan");

    repair();
    ShardManifest made = run(settings).manifest();
    assertThat(report().path("speed").path("splits").asInt()).isEqualTo(3);
    assertThat(reused()).isBetween(whole, 2);
    assertThat(made).isEqualTo(fresh(settings));
    assertThat(staging).doesNotExist();
    assertThat(output.resolve("data-00000-of-00009.arrow")).doesNotExist();
    assertThat(output.resolve("_anneal").resolve(RunLock.FILE)).doesNotExist();
    assertThat(run(settings).upToDate()).isTrue();
  }

  @Test
  void makesSplitsAgainWhoseFilesChanged() throws IOException {
    TestCorpus settings = interrupted();
    List<Path> markers = markers(staging());
    Path ids = Path.of(markers.get(0).toString().replace(".done", ""));
    byte[] bytes = Files.readAllBytes(ids);
    bytes[1] ^= 1;
    Files.write(ids, bytes);
    for (Path marker : markers.subList(1, markers.size())) {
      Files.delete(Path.of(marker.toString().replace(".done", ".documents")));
    }
    repair();
    assertThat(run(settings).manifest()).isEqualTo(fresh(settings));
    assertThat(reused()).isZero();
  }

  @Test
  void makesSplitsAgainWhoseMarkerIsDamaged() throws IOException {
    TestCorpus settings = interrupted();
    for (Path marker : markers(staging())) {
      Files.writeString(marker, "{\"work\": 3");
    }
    repair();
    assertThat(run(settings).manifest()).isEqualTo(fresh(settings));
    assertThat(reused()).isZero();
  }

  @Test
  void dropsWhatWasStagedUnderAnotherKey() throws IOException {
    TestCorpus settings = interrupted();
    Path staging = staging();
    repair();
    settings.blockSize = 32;
    assertThat(run(settings).manifest()).isEqualTo(fresh(settings));
    assertThat(reused()).isZero();
    assertThat(staging).doesNotExist();
  }

  @Test
  void removesWhatKilledTasksLeft() throws IOException {
    TestCorpus settings = interrupted();
    String uuid = "12345678-1234-1234-1234-123456789abc";
    for (String name :
        List.of("split-000003-" + uuid, "split-000003-" + uuid + ".documents", uuid + ".tmp")) {
      Files.writeString(staging().resolve(name), "half");
    }
    Path kept = Path.of(markers(staging()).get(0).toString().replace(".done", ""));
    assertThatThrownBy(() -> run(settings)).hasStackTraceContaining("Cannot read ");
    assertThat(kept).exists();
    try (Stream<Path> files = Files.list(staging())) {
      assertThat(files).noneMatch(file -> file.toString().contains(uuid));
    }
  }

  @Test
  void removesWhatADriverLeftThatDiedAfterItsLastWord() throws IOException {
    write("a.jsonl", "{\"text\": \"one\"}\n");
    TestCorpus settings = new TestCorpus(output).input(corpus);
    run(settings);
    Path left = Files.createDirectories(output.resolve("_anneal/staging-0123456789abcdef"));
    Files.writeString(left.resolve("split-000000-x"), "ids");
    assertThat(run(settings).upToDate()).isTrue();
    assertThat(left).doesNotExist();
  }

  @Test
  void keepsASecondDriverOut() throws IOException {
    write("a.jsonl", "{\"text\": \"one\"}\n");
    TestCorpus settings = new TestCorpus(output).input(corpus);
    HadoopFileStore store = new HadoopFileStore(new Configuration());
    try (RunLock other =
        RunLock.acquire(store, output.resolve("_anneal").toString(), "tokenize.output")) {
      assertThatThrownBy(() -> run(settings))
          .isInstanceOf(ConfigException.class)
          .hasMessageStartingWith("Cannot start in " + output.resolve("_anneal") + ": process ")
          .hasMessageContaining("is running in it")
          .hasMessageContaining("(choose another tokenize.output; if that process is gone, delete");
    }
    Path lock = output.resolve("_anneal").resolve(RunLock.FILE);
    assertThat(lock).doesNotExist();
    assertThat(run(settings).manifest().counts().rows()).isEqualTo(1);
  }

  @Test
  void goesOnOverAQueryThatIsWrittenAlready() throws IOException {
    TestCorpus settings = interruptedWithAQuery();
    Path marker = staging().resolve("query-1.done");
    List<Path> parts = parts();
    int whole = markers(staging()).size() - 1;
    assertThat(whole).isPositive();
    FileTime written = Files.getLastModifiedTime(parts.get(0));
    assertThatThrownBy(() -> run(settings)).hasStackTraceContaining("Cannot read ");
    assertThat(Files.getLastModifiedTime(parts.get(0))).isEqualTo(written);
    assertThat(marker).exists();
    repair();
    ShardManifest made = run(settings).manifest();
    assertThat(reused()).isGreaterThanOrEqualTo(whole);
    assertThat(made).isEqualTo(fresh(settings));
  }

  @Test
  void writesAQueryAgainThatIsHalfThereOrAnother() throws IOException {
    TestCorpus settings = interruptedWithAQuery();
    repair();
    ShardManifest expected = fresh(settings);
    Path lost = parts().get(0);
    Files.writeString(lost, "half");
    Files.writeString(lost.resolveSibling("part-000000-of-a-killed-task.jsonl"), "{\"te");
    assertThat(run(settings).manifest()).isEqualTo(expected);

    output = temp.resolve("second");
    TestCorpus again = new TestCorpus(output);
    again.inputs.addAll(settings.inputs);
    Files.write(corpus.resolve("z.jsonl.gz"), new byte[] {31, -117, 8});
    assertThatThrownBy(() -> run(again)).hasStackTraceContaining("Cannot read ");
    Files.delete(staging().resolve("query-1.done")); // killed before its last word
    Files.writeString(parts().get(0), "half");
    repair();
    assertThat(run(again).manifest()).isEqualTo(expected);
  }

  private TestCorpus interruptedWithAQuery() throws IOException {
    TestCorpus settings = interrupted();
    settings.inputs.add(
        new InputConfig(
            "",
            "SELECT concat('row ', id) AS text FROM range(50)",
            "",
            InputConfig.Format.AUTO,
            InputConfig.DatasetFormat.AUTO,
            1,
            Map.of()));
    assertThatThrownBy(() -> run(settings)).hasStackTraceContaining("Cannot read ");
    return settings;
  }

  private List<Path> parts() throws IOException {
    try (Stream<Path> files = Files.list(staging().resolve("query-1"))) {
      return files.sorted().toList();
    }
  }

  /** A run that failed at its last split, as far as a damaged file makes it. */
  private TestCorpus interrupted() throws IOException {
    for (String name : List.of("a", "b", "c")) {
      String row = "{\"text\": \"document 文本 " + name.repeat(50) + "\"}\n";
      Path file = write(name + ".jsonl", row.repeat(10) + "\n".repeat(3 << 20));
      Files.setLastModifiedTime(file, TIME);
    }
    gzip("z.jsonl.gz", "{\"text\": \"" + "compressed ".repeat(1000) + "\"}\n");
    Path damaged = corpus.resolve("z.jsonl.gz");
    byte[] whole = Files.readAllBytes(damaged);
    Files.write(temp.resolve("whole"), whole);
    byte[] broken = whole.clone();
    broken[whole.length - 12] ^= 0x55;
    Files.write(damaged, broken);
    Files.setLastModifiedTime(damaged, TIME);
    TestCorpus settings = new TestCorpus(output).input(corpus);
    assertThatThrownBy(() -> run(settings))
        .hasStackTraceContaining("Cannot read " + damaged + ": ");
    assertThat(output.resolve("state.json")).doesNotExist();
    return settings;
  }

  /** The file as it was meant, so that nothing that the key sees has changed. */
  private void repair() throws IOException {
    Path damaged = corpus.resolve("z.jsonl.gz");
    Files.write(damaged, Files.readAllBytes(temp.resolve("whole")));
    Files.setLastModifiedTime(damaged, TIME);
  }

  private ShardManifest fresh(TestCorpus settings) throws IOException {
    TestCorpus fresh = new TestCorpus(temp.resolve("fresh"));
    fresh.inputs.addAll(settings.inputs);
    fresh.blockSize = settings.blockSize;
    return run(fresh).manifest();
  }

  private Path staging() throws IOException {
    try (Stream<Path> files = Files.list(output.resolve("_anneal"))) {
      return files.filter(p -> p.getFileName().toString().startsWith("staging-")).findAny().get();
    }
  }

  private static List<Path> markers(Path staging) throws IOException {
    try (Stream<Path> files = Files.list(staging)) {
      return files.filter(path -> path.toString().endsWith(".done")).sorted().toList();
    }
  }

  private int reused() throws IOException {
    return report().path("speed").path("splits_of_an_earlier_run").asInt();
  }

  private JsonNode report() throws IOException {
    return new ObjectMapper().readTree(output.resolve("_anneal/report.json").toFile());
  }
}
