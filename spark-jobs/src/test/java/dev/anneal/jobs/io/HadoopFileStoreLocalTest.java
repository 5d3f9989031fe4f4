package dev.anneal.jobs.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.config.ConfigException;
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

  @Test
  void takesANameWithAColonForAName() throws Exception {
    for (String name : new String[] {"run:1", "run:1/sub:2", "a b:c", "..:x"}) {
      assertThat(store.localPath(name)).contains(Path.of(name).toAbsolutePath());
      assertThat(store.localPath(path(name))).contains(Path.of(path(name)));
      store.writeBytes(path(name + "/file:1"), new byte[] {1});
      assertThat(store.exists(path(name + "/file:1"))).isTrue();
      assertThat(store.list(path(name))).extracting("name").contains("file:1");
    }
    assertThat(store.localPath(".")).contains(Path.of("").toAbsolutePath());
  }

  @Test
  void namesAPathThatIsNone() {
    for (String path : new String[] {"run:", "", "file://run/1", "nul\0"}) {
      assertThatThrownBy(() -> store.localPath(path))
          .as(path)
          .isInstanceOf(ConfigException.class)
          .hasMessageStartingWith("Invalid path: '" + path + "' (");
    }
    assertThatThrownBy(() -> store.exists("nosuch://a/b"))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("Cannot open nosuch://a/b: no file system for nosuch:// (");
  }

  private String path(String name) {
    return folder.resolve(name).toString();
  }
}
