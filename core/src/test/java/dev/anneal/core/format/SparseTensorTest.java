package dev.anneal.core.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.io.LocalFileStore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SparseTensorTest {
  private static final Shape SHAPE = Shape.of(2, 3);

  @TempDir private Path folder;

  private Path written(List<TensorSource> tensors) throws IOException {
    Path file = folder.resolve("稀疏 sparse.safetensors");
    new SafetensorsWriter(new LocalFileStore())
        .write(file.toString(), tensors, SafetensorsWriter.PYTORCH_METADATA);
    return file;
  }

  @Test
  void keepsWhatIsNotZero() throws IOException {
    float[] values = {0, -1.5f, 0, 0, 2, 0.25f};
    SparseTensor sparse = SparseTensor.of(new SavedTensor(SHAPE, values));
    assertThat(sparse.indices()).containsExactly(1, 4, 5);
    try (SafetensorsReader reader =
        SafetensorsReader.openFile(written(SparseTensor.sources("w", () -> sparse)))) {
      assertThat(reader.tensors()).containsOnlyKeys("w_shape", "w_indices", "w_values");
      assertThat(reader.info("w_indices").dtype()).isEqualTo(DType.I32);
      assertThat(SparseTensor.read(reader, "w", SHAPE).dense()).containsExactly(values);
    }
  }

  @Test
  void ofZerosTheShapeAloneIsWritten() throws IOException {
    SparseTensor zeros = SparseTensor.of(new SavedTensor(SHAPE, new float[6]));
    try (SafetensorsReader reader =
        SafetensorsReader.openFile(written(SparseTensor.sources("w", () -> zeros)))) {
      assertThat(reader.tensors()).containsOnlyKeys("w_shape");
      assertThat(SparseTensor.read(reader, "w", SHAPE).dense()).containsOnly(0);
    }
  }

  @Test
  void refusesIndicesThatDoNotFit() throws IOException {
    SparseTensor sparse = new SparseTensor(SHAPE, new int[] {2, 5}, new float[] {1, 2});
    Path whole = written(SparseTensor.sources("w", () -> sparse));
    try (SafetensorsReader reader = SafetensorsReader.openFile(whole)) {
      assertThatThrownBy(() -> SparseTensor.read(reader, "w", Shape.of(3, 2)))
          .isInstanceOf(FormatException.class)
          .hasMessage("Cannot read tensor w: of shape [2, 3] (expected [3, 2])");
      assertThatThrownBy(() -> SparseTensor.read(reader, "v", SHAPE))
          .isInstanceOf(FormatException.class)
          .hasMessage("Cannot read tensor v_shape: missing (expected I64)");
    }
    Path half = written(SparseTensor.sources("w", () -> sparse).subList(0, 2));
    try (SafetensorsReader reader = SafetensorsReader.openFile(half)) {
      assertThatThrownBy(() -> SparseTensor.read(reader, "w", SHAPE))
          .isInstanceOf(FormatException.class)
          .hasMessage("Cannot read tensor w_values: missing (expected F32)");
    }
    assertThatThrownBy(() -> new SparseTensor(SHAPE, new int[] {5, 6}, new float[] {1, 1}))
        .hasMessageContaining("Invalid index: 6 (must be above 5");
    assertThatThrownBy(() -> new SparseTensor(SHAPE, new int[] {2, 2}, new float[] {1, 1}))
        .hasMessageContaining("Invalid index: 2 (must be above 2");
  }
}
