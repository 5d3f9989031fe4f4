package dev.anneal.core.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.export.ModelExport.StorageType;
import dev.anneal.core.format.DType;
import dev.anneal.core.format.SafetensorsReader;
import dev.anneal.core.format.TensorInfo;
import dev.anneal.core.io.LocalFileStore;
import dev.anneal.core.model.config.WeightNames;
import dev.anneal.core.model.weights.ModelFolder;
import dev.anneal.core.tensor.Device;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The types that weights are written in. */
class ModelExportTest {
  private static final Path MODEL = Path.of("src/test/resources/weights/swish");

  @TempDir Path folder;

  private void write(float norm, StorageType type) throws IOException {
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU)) {
      new ModelExport(new LocalFileStore())
          .write(
              folder.toString(),
              ModelFolder.open(MODEL),
              (name, shape) ->
                  name.equals(WeightNames.FINAL_NORM)
                      ? filled(runtime, norm, shape)
                      : runtime.zeros(shape),
              type);
    }
  }

  private static Tensor filled(TensorRuntime runtime, float value, long... shape) {
    float[] values = new float[(int) shape[0]];
    Arrays.fill(values, value);
    return runtime.floats(values, shape);
  }

  @Test
  void float16IsWrittenAndReadAgain() throws IOException {
    write(1 / 3f, StorageType.FLOAT16);

    ModelFolder written = ModelFolder.open(folder);
    assertThat(written.config().storageType()).isEqualTo("float16");
    try (SafetensorsReader reader = written.openWeights()) {
      assertThat(reader.tensors().values()).extracting(TensorInfo::dtype).containsOnly(DType.F16);
      // torch.tensor(1 / 3).half() has the bits 0x3555
      assertThat(reader.map(WeightNames.FINAL_NORM).getShort(0)).isEqualTo((short) 0x3555);
    }
  }

  @Test
  void aValueThatFloat16CannotHoldIsRefusedWithItsTensor() throws IOException {
    assertThatThrownBy(() -> write(70_000, StorageType.FLOAT16))
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            "Cannot write model.norm.weight as float16: it holds 70000.0, which would become"
                + " infinite (set export.dtype to bfloat16 or float32)");
    assertThat(Files.exists(folder.resolve("config.json"))).isFalse();
    write(70_000, StorageType.BFLOAT16);
    assertThat(Files.exists(folder.resolve("config.json"))).isTrue();
  }

  @Test
  void typesAreThoseThatAConfigNames() {
    assertThat(StorageType.of("float16")).isEqualTo(StorageType.FLOAT16);
    assertThat(StorageType.of("bfloat16")).isEqualTo(StorageType.BFLOAT16);
    assertThat(StorageType.of("float64")).isEqualTo(StorageType.FLOAT32);
  }
}
