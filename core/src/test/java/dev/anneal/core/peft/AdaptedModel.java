package dev.anneal.core.peft;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.anneal.core.assembly.TrainedModel;
import dev.anneal.core.config.ModelConfig.FrozenStorage;
import dev.anneal.core.config.ModelConfig.LayerBackward;
import dev.anneal.core.data.TokenRow;
import dev.anneal.core.model.LayerStorage;
import dev.anneal.core.model.MicroBatch;
import dev.anneal.core.model.weights.DecoderLayout;
import dev.anneal.core.model.weights.ModelFolder;
import dev.anneal.core.model.weights.ParameterSpec;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;

/** A recorded Qwen2 model, whose q, k and v have biases, with an adapter, and its recorded rows. */
final class AdaptedModel {
  static final ModelFolder MODEL = ModelFolder.open(Path.of("src/test/resources/parity/qwen2"));

  private AdaptedModel() {}

  /** Freshly begun; the caller owns it. */
  static TrainedModel open(
      TensorRuntime runtime, AdapterMethod method, LayerStorage storage, LayerBackward backward) {
    TrainedModel.Assembly assembly =
        new TrainedModel.Assembly(
            MODEL,
            TrainedModel.BaseWeights.PRETRAINED,
            Optional.of(method),
            Optional.empty(),
            42,
            true,
            storage,
            backward,
            FrozenStorage.FLOAT32);
    return TrainedModel.open(runtime, assembly, 1, 1000);
  }

  /** Element i of every trained tensor, and of those that sites share, becomes 0.3 sin(i + 1). */
  static void fill(TensorRuntime runtime, TrainedModel model) {
    List<ParameterSpec> specs = new ArrayList<>(model.parameters().specs());
    model
        .adapter()
        .ifPresent(method -> specs.addAll(method.sharedBuffers(new DecoderLayout(model.config()))));
    for (ParameterSpec spec : specs) {
      float[] values = new float[Math.toIntExact(spec.elementCount())];
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) (0.3 * Math.sin(i + 1.0));
      }
      try (Tensor filled = runtime.floats(values, spec.shape().toArray())) {
        model.tensors().copy(model.tensor(spec.name()), filled);
      }
    }
  }

  /** Gradients of the recorded rows by the names of what is trained, from a filled adapter. */
  static Map<String, float[]> gradients(
      TensorRuntime runtime, AdapterMethod method, LayerStorage storage, LayerBackward backward)
      throws IOException {
    try (TrainedModel model = open(runtime, method, storage, backward)) {
      fill(runtime, model);
      model.model().forwardBackward(MicroBatch.of(rows(), 0));
      Map<String, float[]> gradients = new TreeMap<>();
      for (ParameterSpec spec : model.parameters().specs()) {
        gradients.put(spec.name(), model.parameters().gradient(spec.name()).toFloats());
      }
      return gradients;
    }
  }

  /** |actual − expected| < tolerance · |expected| */
  static void requireSame(String name, float[] actual, float[] expected, double tolerance) {
    float[] difference = actual.clone();
    for (int i = 0; i < expected.length; i++) {
      difference[i] -= expected[i];
    }
    assertThat(norm(difference)).as(name).isLessThan(tolerance * norm(expected));
  }

  /** The root of the sum of squares. */
  static double norm(float[] values) {
    double sum = 0;
    for (float value : values) {
      sum += (double) value * value;
    }
    return Math.sqrt(sum);
  }

  static List<TokenRow> rows() throws IOException {
    List<TokenRow> rows = new ArrayList<>();
    JsonNode inputs = new ObjectMapper().readTree(MODEL.path().resolve("inputs.json").toFile());
    for (JsonNode row : inputs.get("rows")) {
      int[] ids = ints(row.get("input_ids"));
      rows.add(new TokenRow(ids, ints(row.get("labels")), new int[] {ids.length}));
    }
    return rows;
  }

  private static int[] ints(JsonNode array) {
    return IntStream.range(0, array.size()).map(i -> array.get(i).asInt()).toArray();
  }
}
