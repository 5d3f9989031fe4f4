package dev.anneal.jobs.read;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.format.FormatException;
import dev.anneal.jobs.io.HadoopFileStore;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files of interop/fixtures/make_compressed.py, written by the compressors that people use. */
class CompressedFilesTest {
  private static final Path FOLDER = Path.of("src", "test", "resources", "compressed");
  private static final String LINES = lines();

  private final HadoopFileStore store = new HadoopFileStore(new Configuration());

  @TempDir Path temp;

  private static List<String> recorded() throws IOException {
    try (Stream<Path> files = Files.list(FOLDER)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  /** The lines of make_compressed.py. */
  private static String lines() {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < 1500; i++) {
      lines.append(
          "{\"text\": \"line %d of a file, 第%d行, %d\"}\n".formatted(i, i, i * 7919 % 1000));
    }
    return lines.toString();
  }

  private String read(Path file) throws IOException {
    try (InputStream in = Decompression.open(store, file.toString(), 0)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private Path write(String name, byte[] content) throws IOException {
    return Files.write(temp.resolve(name), content);
  }

  @ParameterizedTest
  @MethodSource("recorded")
  void readsWhatEveryCompressorWrites(String name) throws IOException {
    int times = name.contains("-members.") ? 2 : name.startsWith("none-") ? 0 : 1;
    assertThat(read(FOLDER.resolve(name))).isEqualTo(LINES.repeat(times));
  }

  @Test
  void hasAFileOfEveryNamedCompression() throws IOException {
    List<String> endings = recorded().stream().map(Decompression::ending).distinct().toList();
    assertThat(endings)
        .containsExactlyInAnyOrder("gz", "bz2", "xz", "zst", "lz4", "snappy", "deflate");
  }

  /** The end of a file of Hadoop's blocks may be that of its last block. */
  @ParameterizedTest
  @MethodSource("recorded")
  void saysWhenAFileIsCutOff(String name) throws IOException {
    byte[] whole = Files.readAllBytes(FOLDER.resolve(name));
    if (name.startsWith("none-") || name.contains("-padded.")) {
      return;
    }
    for (int length : new int[] {whole.length - 1, whole.length * 2 / 3, whole.length / 3, 5}) {
      Path cut = write(name, Arrays.copyOf(whole, length));
      assertThatThrownBy(() -> read(cut))
          .as("%d of %d bytes", length, whole.length)
          .isInstanceOf(FormatException.class)
          .hasMessageStartingWith("damaged ");
    }
  }

  @ParameterizedTest
  @MethodSource("recorded")
  void saysWhenOtherBytesFollow(String name) throws IOException {
    if (name.startsWith("none-")) {
      return;
    }
    byte[] whole = Files.readAllBytes(FOLDER.resolve(name));
    byte[] more = Arrays.copyOf(whole, whole.length + 20);
    Arrays.fill(more, whole.length, more.length, (byte) 'x');
    Path file = write(name, more);
    assertThatThrownBy(() -> read(file))
        .isInstanceOf(FormatException.class)
        .hasMessageStartingWith("damaged ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"gzip.gz", "bzip2.bz2", "xz.xz", "zstd.zst", "lz4.lz4"})
  void saysWhenAByteHasChanged(String name) throws IOException {
    byte[] bytes = Files.readAllBytes(FOLDER.resolve(name));
    bytes[bytes.length / 2] ^= 0x15;
    Path file = write(name, bytes);
    assertThatThrownBy(() -> read(file)).isInstanceOf(FormatException.class);
  }

  @Test
  void saysWhenTheBytesAreOfAnotherCompressionOrOfNone() throws IOException {
    List<String> endings = List.of("gz", "bz2", "xz", "zst", "lz4", "snappy", "deflate");
    for (String ending : endings) {
      for (String content : List.of("{\"text\": \"plain\"}\n", "x", "第一行\n".repeat(9))) {
        Path file = write("plain." + ending, content.getBytes(StandardCharsets.UTF_8));
        assertThatThrownBy(() -> read(file))
            .as(ending + " " + content)
            .isInstanceOf(FormatException.class)
            .hasMessageStartingWith("damaged ");
      }
    }
    for (String ending : List.of("jsonl", "json", "txt", "xz", "snappy", "deflate")) {
      Path file = temp.resolve("rows." + ending);
      Files.copy(FOLDER.resolve("gzip.gz"), file);
      assertThatThrownBy(() -> read(file))
          .isInstanceOf(FormatException.class)
          .hasMessage("it is compressed with gzip (its name must end in .gz)");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "gzip.gz, gzip",
    "bzip2.bz2, bzip2",
    "none-bzip2.bz2, bzip2",
    "xz.xz, xz",
    "zstd.zst, zstd",
    "lz4.lz4, lz4",
    "snappy-frames.snappy, snappy"
  })
  void tellsACompressionUnderANameWithoutIt(String name, String label) throws IOException {
    Path file = temp.resolve("rows.jsonl");
    Files.copy(FOLDER.resolve(name), file);
    String ending = Decompression.ending(name);
    assertThatThrownBy(() -> read(file))
        .hasMessage("it is compressed with " + label + " (its name must end in ." + ending + ")");
  }

  @Test
  void takesAFileOfNoBytesForAnEmptyOne() throws IOException {
    for (String ending : List.of("gz", "bz2", "xz", "zst", "lz4", "snappy", "deflate", "jsonl")) {
      assertThat(read(write("empty." + ending, new byte[0]))).isEmpty();
    }
    assertThat(read(write("BZh.txt", "BZh is no bzip2".getBytes(StandardCharsets.UTF_8))))
        .startsWith("BZh");
  }

  @Test
  void readsZerosBehindAGzipMemberAsPaddingAndOtherBytesAsAFault() throws IOException {
    byte[] member = Files.readAllBytes(FOLDER.resolve("gzip.gz"));
    List<Byte> bytes = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      for (byte value : member) {
        bytes.add(value);
      }
      bytes.addAll(List.of((byte) 0, (byte) 0, (byte) 0));
    }
    byte[] padded = new byte[bytes.size() + 1];
    for (int i = 0; i < bytes.size(); i++) {
      padded[i] = bytes.get(i);
    }
    assertThat(read(write("padded.gz", Arrays.copyOf(padded, bytes.size()))))
        .isEqualTo(LINES.repeat(2));
    padded[bytes.size()] = 7;
    Path file = write("garbage.gz", padded);
    assertThatThrownBy(() -> read(file))
        .hasMessage("damaged gzip data: other bytes follow the end of the compressed data");
  }

  @Test
  void refusesTheLegacyFormatOfLz4ByName() throws IOException {
    byte[] legacy = {0x02, 0x21, 0x4C, 0x18, 1, 0, 0, 0, 0};
    Path file = write("legacy.lz4", legacy);
    assertThatThrownBy(() -> read(file))
        .isInstanceOf(FormatException.class)
        .hasMessage(
            "damaged lz4 data: it is of the legacy format, without checks (must be frames)");
  }
}
