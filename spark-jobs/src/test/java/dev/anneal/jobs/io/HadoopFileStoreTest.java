package dev.anneal.jobs.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.anneal.core.io.FileEntry;
import dev.anneal.core.io.FileRanges;
import dev.anneal.core.io.FileStore;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The contract on a local path, on a store with renames, and on one that shows whole files. */
class HadoopFileStoreTest {
  @TempDir Path temp;

  /** A remote file system that keeps its files in a local folder. */
  static class Remote extends RawLocalFileSystem {
    private final String scheme;

    Remote(String scheme) {
      this.scheme = scheme;
    }

    @Override
    public String getScheme() {
      return scheme;
    }

    @Override
    public URI getUri() {
      return URI.create(scheme + ":///");
    }
  }

  /** Takes its place by a rename. */
  public static final class Renaming extends Remote {
    public Renaming() {
      super("renaming");
    }
  }

  /** Treated as an object store, by its scheme. */
  public static final class Objects extends Remote {
    public Objects() {
      super("oss");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "file:", "renaming:", "oss:"})
  void keepsTheContractOfFileStores(String scheme) throws IOException {
    HadoopFileStore store = store();
    String folder = scheme + temp + "/some 文件夹";
    assertThat(store.list(folder)).isEmpty();
    assertThat(store.exists(folder)).isFalse();
    store.delete(folder);

    String file = FileStore.join(folder, "b c/d.txt");
    store.writeBytes(file, bytes("old"));
    store.writeBytes(file, bytes("new 内容"));
    assertThat(store.readBytes(file)).isEqualTo(bytes("new 内容"));
    try (InputStream in = store.openAt(file, 4)) {
      assertThat(in.readAllBytes()).isEqualTo(bytes("内容"));
    }
    store.writeThrough(FileStore.join(folder, "tmp"), file, out -> out.write(bytes("third")));
    assertThat(store.readBytes(file)).isEqualTo(bytes("third"));
    store.writeBytes(FileStore.join(folder, "Z"), new byte[7]);
    assertThat(store.list(folder))
        .filteredOn(entry -> !entry.name().equals("tmp"))
        .extracting(FileEntry::name, FileEntry::folder, FileEntry::sizeBytes)
        .containsExactly(tuple("Z", false, 7L), tuple("b c", true, 0L));
    assertThat(store.readBytes(store.list(folder).get(0).path())).hasSize(7);

    assertThatThrownBy(() -> store.open(FileStore.join(folder, "absent")))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessageContaining("absent");
    store.delete(folder);
    assertThat(store.exists(folder)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "renaming:", "oss:"})
  void publishesNothingWhenTheWriterFails(String scheme) throws IOException {
    HadoopFileStore store = store();
    String file = scheme + temp + "/x/file";
    assertThatThrownBy(
            () ->
                store.write(
                    file,
                    out -> {
                      out.write(new byte[100_000]);
                      throw new IOException("broken");
                    }))
        .hasMessage("broken");
    try (Stream<Path> left = Files.walk(temp)) {
      assertThat(left.filter(Files::isRegularFile)).isEmpty();
    }
  }

  @Test
  void travelsToExecutors() throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(store());
    }
    ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()));
    HadoopFileStore copy = (HadoopFileStore) in.readObject();
    copy.writeBytes("renaming:" + temp + "/f", bytes("x"));
    assertThat(temp.resolve("f")).hasContent("x");
  }

  @Test
  void readsRangesWithoutTheRest() throws IOException {
    HadoopFileStore store = store();
    String file = "oss:" + temp + "/ranges";
    store.writeBytes(file, bytes("0123456789"));
    ByteBuffer part = ByteBuffer.allocate(3);
    try (FileRanges ranges = store.ranges(file)) {
      assertThat(ranges.size()).isEqualTo(10);
      ranges.read(4, part);
    }
    assertThat(part.array()).isEqualTo(bytes("456"));
  }

  private static HadoopFileStore store() {
    Configuration configuration = new Configuration();
    configuration.set("fs.renaming.impl", Renaming.class.getName());
    configuration.set("fs.oss.impl", Objects.class.getName());
    return new HadoopFileStore(configuration);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
