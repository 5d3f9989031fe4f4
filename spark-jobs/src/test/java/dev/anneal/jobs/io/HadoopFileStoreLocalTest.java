package dev.anneal.jobs.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HadoopFileStoreLocalTest {
  private final HadoopFileStore store = new HadoopFileStore(new Configuration());
  @TempDir private Path folder;

  @Test
  void appendsToLocalFilesByPathAndByUri() throws Exception {
    for (String path : new String[] {path("a run/日志.jsonl"), "file://" + path("b.jsonl")}) {
      for (String line : new String[] {"1\n", "2\n"}) {
        try (OutputStream out = store.append(path).orElseThrow()) {
          out.write(line.getBytes(StandardCharsets.UTF_8));
        }
      }
      assertThat(store.readBytes(path)).asString(StandardCharsets.UTF_8).isEqualTo("1\n2\n");
    }
    assertThat(store.list(folder.toString()))
        .extracting("name")
        .containsExactly("a run", "b.jsonl");
  }

  @Test
  void createsAFileOnlyOnce() throws Exception {
    assertThat(store.createIfAbsent(path("lock"), new byte[] {1})).isTrue();
    assertThat(store.createIfAbsent(path("lock"), new byte[] {2})).isFalse();
    assertThat(store.readBytes(path("lock"))).containsExactly(1);
  }

  @Test
  void namesTheFileThatIsMissing() {
    assertThatThrownBy(() -> store.readBytes(path("none")))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessage(path("none"));
  }

  private String path(String name) {
    return folder.resolve(name).toString();
  }
}
