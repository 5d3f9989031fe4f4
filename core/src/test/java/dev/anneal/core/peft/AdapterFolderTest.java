package dev.anneal.core.peft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.format.DType;
import dev.anneal.core.format.SafetensorsReader;
import dev.anneal.core.format.SafetensorsWriter;
import dev.anneal.core.format.Shape;
import dev.anneal.core.format.TensorSource;
import dev.anneal.core.io.LocalFileStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AdapterFolderTest {
  private static final String A = "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight";
  private static final String B = "base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight";

  @TempDir private Path temporary;
  private final LocalFileStore disk = new LocalFileStore();
  private Path path;

  @BeforeEach
  void adapter() throws IOException {
    path = temporary.resolve("my adapter 适配器");
    byte[] config =
        AdapterConfigJson.render(
            "LORA", "", Map.of("r", 2, "lora_alpha", 4, "target_modules", List.of("q_proj")));
    disk.writeBytes(path.resolve("adapter_config.json").toString(), config);
    write(Map.of(A, Shape.of(2, 3), B, Shape.of(5, 2)));
  }

  @Test
  void opensWhatFits() throws IOException {
    try (SafetensorsReader weights =
        AdapterFolder.open(path).openWeights(Map.of(A, Shape.of(2, 3), B, Shape.of(5, 2)))) {
      assertThat(weights.tensors()).hasSize(2);
    }
  }

  @Test
  void namesEveryTensorThatDoesNotFit() {
    AdapterFolder folder = AdapterFolder.open(path);
    String other = A.replace("q_proj", "v_proj");

    assertThatThrownBy(() -> folder.openWeights(Map.of(A, Shape.of(4, 3), other, Shape.of(2, 3))))
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            "Cannot load adapter "
                + path
                + ": 1 missing: "
                + other
                + "; 1 unexpected: "
                + B
                + "; 1 with another shape: "
                + A
                + " [2, 3] (expected [4, 3])"
                + " (adapter.path: does the adapter belong to model.path?)");
  }

  @Test
  void refusesAFolderThatIsNoAdapter() throws IOException {
    Path file = path.resolve("adapter_model.safetensors");
    byte[] whole = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(whole, whole.length - 1));
    assertThatThrownBy(() -> AdapterFolder.open(path).openWeights(Map.of()))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("the file is truncated (adapter.path)");

    Files.delete(file);
    assertThatThrownBy(() -> AdapterFolder.open(path).openWeights(Map.of()))
        .hasMessage(
            "Cannot read adapter " + path + ": no adapter_model.safetensors (adapter.path)");

    Files.write(path.resolve("adapter_config.json"), "[".getBytes(StandardCharsets.UTF_8));
    assertThatThrownBy(() -> AdapterFolder.open(path)).hasMessageContaining("not JSON");
    assertThatThrownBy(() -> AdapterFolder.open(temporary))
        .isInstanceOf(ConfigException.class)
        .hasMessage("Cannot read adapter " + temporary + ": no adapter_config.json (adapter.path)");
  }

  private void write(Map<String, Shape> shapes) throws IOException {
    List<TensorSource> tensors =
        shapes.entrySet().stream()
            .map(
                entry ->
                    TensorSource.of(
                        entry.getKey(),
                        DType.F32,
                        entry.getValue(),
                        ByteBuffer.allocate(4 * (int) entry.getValue().elements())))
            .toList();
    new SafetensorsWriter(disk)
        .write(
            path.resolve("adapter_model.safetensors").toString(),
            tensors,
            SafetensorsWriter.PYTORCH_METADATA);
  }
}
