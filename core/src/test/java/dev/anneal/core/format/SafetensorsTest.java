package dev.anneal.core.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.io.LocalFileStore;
import dev.anneal.core.io.Sha256;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsTest {
  @TempDir private Path temporary;
  private final LocalFileStore store = new LocalFileStore();
  private final SafetensorsWriter writer = new SafetensorsWriter(store);
  private Path file;

  @BeforeEach
  void pathWithSpace() {
    file = temporary.resolve("模型 a").resolve("model.safetensors");
  }

  @Test
  void readsBackWhatItWrote() throws IOException {
    writer.write(
        file.toString(),
        List.of(
            source("b.16", DType.BF16, Shape.of(3), 1, 2, 3, 4, 5, 6),
            TensorSource.of("a.f", DType.F32, Shape.of(2, 1), floats(1.5f, -2f)),
            source("empty", DType.F32, Shape.of(0, 4)),
            TensorSource.of("scalar 标量", DType.F32, Shape.of(), floats(9f))),
        SafetensorsWriter.PYTORCH_METADATA);

    try (SafetensorsReader reader = SafetensorsReader.openFile(file)) {
      assertThat(reader.tensors()).containsOnlyKeys("b.16", "a.f", "empty", "scalar 标量");
      assertThat(reader.metadata()).isEqualTo(Map.of("format", "pt"));
      assertThat(reader.info("a.f").shape()).isEqualTo(Shape.of(2, 1));
      ByteBuffer map = reader.map("a.f");
      assertThat(map.isDirect()).isTrue();
      assertThat(map.isReadOnly()).isTrue();
      assertThat(map.order()).isEqualTo(ByteOrder.LITTLE_ENDIAN);
      assertThat(map.asFloatBuffer().get(1)).isEqualTo(-2f);
      assertThat(reader.map("b.16").get(5)).isEqualTo((byte) 6);
      assertThat(reader.map("empty").remaining()).isZero();
      assertThat(reader.map("scalar 标量").getFloat(0)).isEqualTo(9f);
      assertThat(reader.map("a.f", 4, 4).getFloat(0)).isEqualTo(-2f);
      assertThat(reader.find("none")).isEmpty();
    }
  }

  @Test
  void alignsTheDataAndRepeatsItsBytes() throws IOException {
    List<TensorSource> tensors =
        List.of(
            source("odd", DType.U8, Shape.of(3), 1, 2, 3),
            TensorSource.of("f", DType.F32, Shape.of(1), floats(1)));
    WrittenFile first = writer.write(file.toString(), tensors, Map.of("z", "1", "a", "2"));
    WrittenFile again = writer.write(file.toString(), tensors, Map.of("a", "2", "z", "1"));

    assertThat(again).isEqualTo(first);
    assertThat(first.sha256()).isEqualTo(Sha256.of(file));
    assertThat(first.bytes()).isEqualTo(Files.size(file));
    try (SafetensorsReader reader = SafetensorsReader.openFile(file)) {
      assertThat(reader.info("f").offset() % 8).isZero();
    }
  }

  @Test
  void writesAndReadsAFileWithoutTensors() throws IOException {
    writer.write(file.toString(), List.of(), Map.of());

    try (SafetensorsReader reader = SafetensorsReader.openFile(file)) {
      assertThat(reader.tensors()).isEmpty();
    }
  }

  @Test
  void copiesATensorThatIsNotAligned() throws IOException {
    raw("{\"f\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}   ", floats(3f));
    try (SafetensorsReader reader = SafetensorsReader.openFile(file)) {
      assertThat(reader.info("f").offset() % 4).isNotZero();
      assertThat(reader.map("f").isDirect()).isTrue();
      assertThat(reader.map("f").getFloat(0)).isEqualTo(3f);
    }
  }

  @Test
  void refusesATensorThatGivesOtherBytesThanItsShape() throws IOException {
    writer.write(file.toString(), List.of(), Map.of());
    byte[] before = Files.readAllBytes(file);

    assertThatThrownBy(
            () ->
                writer.write(
                    file.toString(), List.of(source("x", DType.F32, Shape.of(2), 1)), Map.of()))
        .hasMessage("Cannot write " + file + ": tensor x gave 1 bytes, F32[2] takes 8");

    assertThat(Files.readAllBytes(file)).isEqualTo(before);
  }

  @Test
  void refusesFilesThatAreNotSafetensors() throws IOException {
    Files.createDirectories(file.getParent());
    Files.write(file, new byte[0]);
    assertRefused("truncated (0 bytes, no header length)");
    Files.write(file, "PK\3\4 a zip file".getBytes(StandardCharsets.UTF_8));
    assertRefused("not a safetensors file (header length 8800140462016121680, allowed are 2 to");
    Files.write(file, header(100_000_001L, ""));
    assertRefused("not a safetensors file (header length 100000001, allowed are 2 to 100000000)");
    Files.write(file, header(-1, ""));
    assertRefused("not a safetensors file (header length 18446744073709551615");
    Files.write(file, header(5000, "{}"));
    assertRefused("truncated (header of 5000 bytes in a file of 10)");
    Files.write(file, header(4, "[{}]"));
    assertRefused("not a safetensors file (header does not start with '{')");
    Files.write(file, header(4, "{\"a\""));
    assertRefused("header is not JSON");
  }

  @Test
  void refusesATruncatedFileAndNamesTheTensor() throws IOException {
    writer.write(
        file.toString(),
        List.of(TensorSource.of("model.norm.weight", DType.F32, Shape.of(2), floats(1, 2))),
        Map.of());
    byte[] whole = Files.readAllBytes(file);
    Files.write(file, java.util.Arrays.copyOf(whole, whole.length - 1));

    assertRefused("tensor model.norm.weight: it ends at data byte 8 of 7: the file is truncated");
  }

  @Test
  void refusesHeadersThatDoNotFitTheData() throws IOException {
    String x = "{\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}";
    raw(x + ",\"y\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[2,6]}}", zeros(6));
    assertRefused("tensor y overlaps the one before it (starts at data byte 2, expected 4)");
    raw(x + ",\"y\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[5,6]}}", zeros(6));
    assertRefused("tensor y follows a hole (starts at data byte 5, expected 4)");
    raw(x + "}", zeros(6));
    assertRefused("2 bytes after the last tensor belong to none");
    raw("{\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}", zeros(4));
    assertRefused("tensor x: F32[2] takes 8 bytes, not 4");
    raw("{\"x\":{\"dtype\":\"F7\",\"shape\":[1],\"data_offsets\":[0,4]}}", zeros(4));
    assertRefused("tensor x: unknown dtype 'F7'");
    raw("{\"x\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}", zeros(4));
    assertRefused("tensor x: shape [-1] is not a list of sizes");
    raw(
        "{\"x\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,4]}}",
        zeros(4));
    assertRefused("tensor x: shape [4294967296, 4294967296] is absurdly large");
    raw("{\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}}", zeros(4));
    assertRefused("tensor x: data_offsets [4, 0] are not a range");
    raw("{\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}}", zeros(4));
    assertRefused("tensor x: data_offsets is not a pair of numbers");
    raw("{\"x\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", zeros(4));
    assertRefused("tensor x: it has no shape");
    raw("{\"x\":7}", zeros(0));
    assertRefused("tensor x: its entry is not an object");
    raw(x + ",\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", zeros(4));
    assertRefused("header is not JSON: Duplicate field 'x'");
  }

  @Test
  void refusesToMapMoreThanABufferShows() throws IOException {
    Files.createDirectories(file.getParent());
    String json =
        "{\"big\":{\"dtype\":\"U8\",\"shape\":[2147483648],\"data_offsets\":[0,2147483648]}}";
    byte[] start = header(json.length(), json);
    try (java.io.RandomAccessFile sparse = new java.io.RandomAccessFile(file.toFile(), "rw")) {
      sparse.write(start);
      sparse.setLength(start.length + 2147483648L);
    }
    try (SafetensorsReader reader = SafetensorsReader.openFile(file)) {
      assertThatThrownBy(() -> reader.map("big"))
          .hasMessageStartingWith(
              "Cannot map tensor big of " + file + " at once: 2147483648 bytes");
      assertThat(reader.map("big", 2147483647L, 1).get(0)).isZero();
    }
  }

  private void assertRefused(String reason) {
    assertThatThrownBy(() -> SafetensorsReader.openFile(file))
        .isInstanceOf(FormatException.class)
        .hasMessageStartingWith("Cannot read " + file + ": ")
        .hasMessageContaining(reason);
  }

  private void raw(String json, ByteBuffer data) throws IOException {
    Files.createDirectories(file.getParent());
    byte[] start = header(json.getBytes(StandardCharsets.UTF_8).length, json);
    byte[] all = java.util.Arrays.copyOf(start, start.length + data.remaining());
    data.get(all, start.length, data.remaining());
    Files.write(file, all);
  }

  private static byte[] header(long length, String json) {
    byte[] text = json.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(8 + text.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(length)
        .put(text)
        .array();
  }

  private static TensorSource source(String name, DType dtype, Shape shape, int... bytes) {
    ByteBuffer buffer = ByteBuffer.allocate(bytes.length);
    for (int value : bytes) {
      buffer.put((byte) value);
    }
    return TensorSource.of(name, dtype, shape, buffer.flip());
  }

  private static ByteBuffer floats(float... values) {
    ByteBuffer buffer = ByteBuffer.allocateDirect(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    buffer.asFloatBuffer().put(values);
    return buffer;
  }

  private static ByteBuffer zeros(int bytes) {
    return ByteBuffer.allocate(bytes);
  }
}
