package dev.anneal.jobs.read;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.github.luben.zstd.ZstdOutputStream;
import dev.anneal.core.format.FormatException;
import dev.anneal.data.config.InputConfig;
import dev.anneal.data.read.RowReader;
import dev.anneal.data.read.SourceRow;
import dev.anneal.jobs.io.HadoopFileStore;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.zip.GZIPOutputStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.io.compress.BZip2Codec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;

class ContainerRowsTest {
  private static final Path FOLDER = Path.of("src", "test", "resources", "containers");
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path temp;

  @ParameterizedTest
  @ValueSource(strings = {"stream.arrow", "zstd.arrow", "wide-dictionary.arrow", "lz4.feather"})
  void readsArrowAsItWasWritten(String name) throws IOException {
    try (ArrowRows rows =
        ArrowRows.open(Files.newInputStream(FOLDER.resolve(name)), RowColumns.ALL)) {
      assertThat(objects(rows)).isEqualTo(expected());
      assertThat(rows.rowCount()).isEqualTo(4);
    }
  }

  @Test
  void readsArrowWhoseBuffersAreFramesOfLinkedBlocks() throws IOException {
    try (ArrowRows rows =
        ArrowRows.open(Files.newInputStream(FOLDER.resolve("blocks.feather")), RowColumns.ALL)) {
      List<JsonNode> found = objects(rows);
      assertThat(found).hasSize(4000);
      assertThat(found.get(3999).path("text").asText()).isEqualTo("row 3999 of many, 第3999行");
    }
  }

  @Test
  void readsOrcAsItWasWritten() throws IOException {
    try (OrcRows rows =
        OrcRows.open(
            new Configuration(), FOLDER.resolve("rows.orc").toUri().toString(), RowColumns.ALL)) {
      assertThat(objects(rows)).isEqualTo(expected());
      assertThat(rows.rowCount()).isEqualTo(4);
    }
  }

  @Test
  void readsAnArrowStreamWithoutRowsAndRefusesWhatIsNone() throws IOException {
    try (ArrowRows rows =
        ArrowRows.open(Files.newInputStream(FOLDER.resolve("empty.arrow")), RowColumns.ALL)) {
      assertThat(rows.next()).isEmpty();
      assertThat(rows.next()).isEmpty();
    }
    for (String content : List.of("", "a", "{\"text\": \"你好\"}")) {
      assertThatThrownBy(() -> ArrowRows.open(bytes(content), RowColumns.ALL))
          .isInstanceOf(FormatException.class)
          .hasMessage("not an Arrow stream or file");
    }
  }

  @Test
  void saysWhenAnArrowStreamIsCutOff() throws IOException {
    byte[] whole = Files.readAllBytes(FOLDER.resolve("stream.arrow"));
    byte[] half = Arrays.copyOf(whole, whole.length - 200);
    try (ArrowRows rows = ArrowRows.open(new ByteArrayInputStream(half), RowColumns.ALL)) {
      assertThatThrownBy(() -> objects(rows)).isInstanceOf(IOException.class);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "stream.arrow, ARROW",
    "lz4.feather, ARROW",
    "rows.orc, ORC",
    "rows.parquet, PARQUET",
    "rows.jsonl, ",
  })
  void tellsAContainerByItsStart(String name, InputConfig.Format format) throws IOException {
    FileSystem local = FileSystem.getLocal(new Configuration());
    assertThat(FileStart.format(local, new org.apache.hadoop.fs.Path(FOLDER.resolve(name).toUri())))
        .isEqualTo(Optional.ofNullable(format));
  }

  @Test
  void readsFilesOfSeveralCompressedStreamsToTheirEnd() throws IOException {
    HadoopFileStore store = new HadoopFileStore(new Configuration());
    for (String ending : List.of("gz", "xz", "bz2", "zst", "XZ")) {
      Path file = temp.resolve("two parts 文." + ending);
      try (OutputStream out = Files.newOutputStream(file)) {
        out.write(compressed(ending, "first 一\n"));
        out.write(compressed(ending, "second 二\n"));
      }
      assertThat(Decompression.applies(file.toString())).isTrue();
      assertThat(Decompression.plainName(file.toString())).endsWith("two parts 文");
      try (InputStream in = Decompression.open(store, file.toString(), 0)) {
        assertThat(new String(in.readAllBytes(), StandardCharsets.UTF_8))
            .as(ending)
            .isEqualTo("first 一\nsecond 二\n");
      }
    }
    assertThat(Decompression.applies("a.jsonl")).isFalse();
    assertThat(Decompression.plainName("a.b/c")).isEqualTo("a.b/c");
  }

  private static BZip2Codec bzip2() {
    BZip2Codec codec = new BZip2Codec();
    codec.setConf(new Configuration());
    return codec;
  }

  private static byte[] compressed(String ending, String text) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (OutputStream out =
        switch (ending) {
          case "gz" -> new GZIPOutputStream(bytes);
          case "bz2" -> bzip2().createOutputStream(bytes);
          case "zst" -> new ZstdOutputStream(bytes);
          default -> new XZOutputStream(bytes, new LZMA2Options(0));
        }) {
      out.write(text.getBytes(StandardCharsets.UTF_8));
    }
    return bytes.toByteArray();
  }

  private static List<JsonNode> expected() throws IOException {
    List<JsonNode> rows = new ArrayList<>();
    for (String line : Files.readAllLines(FOLDER.resolve("rows.jsonl"))) {
      rows.add(JSON.readTree(line));
    }
    return rows;
  }

  private static List<JsonNode> objects(RowReader reader) throws IOException {
    List<JsonNode> rows = new ArrayList<>();
    for (Optional<SourceRow> row = reader.next(); row.isPresent(); row = reader.next()) {
      // Parsed again, so that numbers compare as those of the jsonl file.
      rows.add(JSON.readTree(row.get().content()));
      assertThat(row.get().number()).isEqualTo(rows.size());
    }
    return rows;
  }

  private static InputStream bytes(String content) {
    return new ByteArrayInputStream(content.getBytes(StandardCharsets.UTF_8));
  }
}
