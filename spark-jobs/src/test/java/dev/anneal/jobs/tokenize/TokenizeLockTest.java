package dev.anneal.jobs.tokenize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.run.RunLockLostException;
import dev.anneal.data.config.InputConfig;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.junit.jupiter.api.Test;

/** A driver whose output folder another one takes while the splits are read. */
class TokenizeLockTest extends TokenizeTest {
  /** A store where another driver comes while a file is read: the files lie beside its lock. */
  public static final class Taken extends RawLocalFileSystem {
    @Override
    public String getScheme() {
      return "taken";
    }

    @Override
    public URI getUri() {
      return URI.create("taken:///");
    }

    @Override
    public FSDataInputStream open(org.apache.hadoop.fs.Path file, int bufferSize)
        throws IOException {
      Path own = Path.of(file.toUri().getPath()).getParent().resolveSibling("out put/_anneal");
      Files.writeString(
          own.resolve("run.lock"),
          """
          {"host": "elsewhere", "pid": 7, "process_started": "2026-01-02T03:04:05Z",
           "token": "other", "renewed": "2026-01-02T03:04:05Z"}
          """);
      Files.writeString(own.resolve("of the other"), "kept");
      Files.writeString(own.resolveSibling("data-00000-of-00001.arrow"), "of the other");
      return super.open(file, bufferSize);
    }
  }

  @Test
  void writesNothingMoreIntoAFolderThatAnotherTook() throws IOException {
    spark().hadoopConfiguration().set("fs.taken.impl", Taken.class.getName());
    write("a.jsonl", "{\"text\": \"one\"}\n");
    TestCorpus settings = new TestCorpus(output);
    settings.inputs.add(
        new InputConfig(
            "taken:" + corpus.resolve("a.jsonl"),
            "",
            "",
            InputConfig.Format.JSONL,
            InputConfig.DatasetFormat.TEXT,
            1,
            Map.of()));
    assertThatThrownBy(() -> run(settings))
        .isInstanceOf(RunLockLostException.class)
        .hasMessageContaining("process 7 on elsewhere holds ");
    for (String name : List.of("state.json", "dataset_info.json", "_anneal/manifest.json")) {
      assertThat(output.resolve(name)).doesNotExist();
    }
    assertThat(output.resolve("_anneal/of the other")).hasContent("kept");
    assertThat(output.resolve("data-00000-of-00001.arrow")).hasContent("of the other");
    assertThat(output.resolve("_anneal/run.lock")).content().contains("elsewhere");
  }
}
