package dev.anneal.core.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.io.FileEntry;
import dev.anneal.core.io.LocalFileStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ShardedSafetensorsTest {
  private static final String INDEX = "model.safetensors.index.json";

  @TempDir private Path folder;
  private final LocalFileStore store = new LocalFileStore();

  @Test
  void writesOneFileUnderTheLimitAndShardsOverIt() throws IOException {
    List<TensorSource> tensors = List.of(bytes("a", 6), bytes("b", 6), bytes("c", 20));

    new ShardedSafetensors(store, 12).write(folder.toString(), tensors);
    assertThat(names())
        .containsExactly(
            "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", INDEX);
    assertThat(Files.readString(folder.resolve(INDEX)))
        .isEqualTo(
            """
            {
              "metadata": {
                "total_size": 32
              },
              "weight_map": {
                "a": "model-00001-of-00002.safetensors",
                "b": "model-00001-of-00002.safetensors",
                "c": "model-00002-of-00002.safetensors"
              }
            }""");
    assertSize("c", 20);

    new ShardedSafetensors(store, 1000).write(folder.toString(), tensors);
    assertThat(names()).containsExactly("model.safetensors");
    assertSize("a", 6);
  }

  @Test
  void refusesAFolderWithoutWeights() {
    assertThatThrownBy(() -> SafetensorsReader.openFolder(folder))
        .hasMessage(
            folder + ": no weights: neither model.safetensors nor model.safetensors.index.json");
  }

  @Test
  void saysWhatToDoWithPickledWeights() throws IOException {
    Files.write(folder.resolve("pytorch_model.bin"), new byte[1]);

    assertThatThrownBy(() -> SafetensorsReader.openFolder(folder))
        .hasMessageContaining("pytorch_model.bin is not read: save the model with");
  }

  @Test
  void refusesAnIndexThatLeadsOutOfTheFolder() throws IOException {
    for (String shard :
        List.of("../secret", "/etc/passwd", "..", ".", "sub/../../x", "a\\\\b", "")) {
      index("{\"weight_map\": {\"a\": \"" + shard + "\"}}");
      assertRefused("tensor a: shard");
    }
    index("{\"weight_map\": {\"a\": 3}}");
    assertRefused("tensor a: shard 3 is not a file name in the same folder");
  }

  @Test
  void refusesAnIndexWithoutItsShard() throws IOException {
    index("{\"weight_map\": {\"model.norm.weight\": \"model-00001-of-00001.safetensors\"}}");

    assertRefused("shard model-00001-of-00001.safetensors is missing (tensor model.norm.weight)");
  }

  @Test
  void refusesAnIndexThatIsNone() throws IOException {
    index("{\"weight_map\": {");
    assertRefused("not JSON");
    index("{}");
    assertRefused("no weight_map");
  }

  @Test
  void refusesAnIndexThatItsShardsContradict() throws IOException {
    new SafetensorsWriter(store)
        .write(
            folder.resolve("s.safetensors").toString(),
            List.of(bytes("a", 1), bytes("b", 1)),
            SafetensorsWriter.PYTORCH_METADATA);

    index(
        "{\"weight_map\": {\"a\": \"s.safetensors\", \"b\": \"s.safetensors\","
            + " \"c\": \"s.safetensors\"}}");
    assertRefused("tensor c is listed in " + INDEX + " but not in the file");
  }

  @Test
  void refusesALimitOfNothing() {
    assertThatThrownBy(() -> new ShardedSafetensors(store, 0))
        .hasMessage("Invalid max_shard_size: 0 (must be > 0)");
  }

  private void assertRefused(String reason) {
    assertThatThrownBy(() -> SafetensorsReader.openFolder(folder))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining(reason);
  }

  private void index(String json) throws IOException {
    Files.writeString(folder.resolve(INDEX), json);
  }

  private void assertSize(String name, long bytes) throws IOException {
    try (SafetensorsReader reader = SafetensorsReader.openFolder(folder)) {
      assertThat(reader.map(name).remaining()).isEqualTo((int) bytes);
      assertThat(reader.map(name).get(0)).isEqualTo((byte) name.charAt(0));
    }
  }

  private List<String> names() throws IOException {
    return store.list(folder.toString()).stream().map(FileEntry::name).toList();
  }

  private static TensorSource bytes(String name, int count) {
    byte[] content = new byte[count];
    java.util.Arrays.fill(content, (byte) name.charAt(0));
    return TensorSource.of(name, DType.U8, Shape.of(count), ByteBuffer.wrap(content));
  }
}
