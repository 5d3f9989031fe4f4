package dev.anneal.core.train;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.anneal.core.assembly.TrainedModel;
import dev.anneal.core.config.TrainingConfig;
import dev.anneal.core.format.DType;
import dev.anneal.core.format.SafetensorsReader;
import dev.anneal.core.format.TensorInfo;
import dev.anneal.core.io.LocalFileStore;
import dev.anneal.core.model.LayerStorage;
import dev.anneal.core.model.config.WeightNames;
import dev.anneal.core.model.weights.ModelFolder;
import dev.anneal.core.tensor.Device;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The type of what full tuning leaves. */
class RunProductTest {
  @TempDir Path folder;

  private Path base;

  @BeforeEach
  void aModelOfFloat16() throws IOException {
    base = HalfFolder.write(folder.resolve("base"), "llama", name -> DType.F16);
    ObjectMapper json = new ObjectMapper();
    ObjectNode config = (ObjectNode) json.readTree(base.resolve("config.json").toFile());
    json.writeValue(base.resolve("config.json").toFile(), config.put("dtype", "float16"));
  }

  /** Trained to a final norm of that value. */
  private ModelFolder product(float norm) throws IOException {
    TrainingSetup setup =
        TrainingSetup.of(TrainingConfig.of("train.output_dir=" + folder.resolve("run")));
    ModelFolder model = ModelFolder.open(base);
    TrainedModel.Assembly assembly =
        new TrainedModel.Assembly(
            model,
            TrainedModel.BaseWeights.PRETRAINED,
            Optional.empty(),
            Optional.empty(),
            42,
            true,
            LayerStorage.KEEP);
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU)) {
      runtime.prepareThread(1);
      try (TrainedModel trained = TrainedModel.open(runtime, assembly, 1, 1 << 20)) {
        float[] values = new float[model.config().hiddenSize()];
        Arrays.fill(values, norm);
        try (Tensor filled = runtime.floats(values, values.length)) {
          trained.tensors().copy(trained.parameters().value(WeightNames.FINAL_NORM), filled);
        }
        new RunProduct(new LocalFileStore(), setup).write(runtime, trained, model);
      }
    }
    return ModelFolder.open(folder.resolve("run").resolve(RunProduct.MODEL));
  }

  private static void requireTypes(ModelFolder written, String name, DType type)
      throws IOException {
    assertThat(written.config().storageType()).isEqualTo(name);
    try (SafetensorsReader reader = written.openWeights()) {
      assertThat(reader.tensors().values()).extracting(TensorInfo::dtype).containsOnly(type);
    }
  }

  @Test
  void aModelOfFloat16StaysOne() throws IOException {
    requireTypes(product(1.5f), "float16", DType.F16);
  }

  @Test
  void whatFloat16CannotHoldIsWrittenInFloat32() throws IOException {
    requireTypes(product(70_000), "float32", DType.F32);
  }
}
