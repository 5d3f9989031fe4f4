package dev.anneal.core.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.format.DType;
import dev.anneal.core.format.SafetensorsReader;
import dev.anneal.core.format.SafetensorsWriter;
import dev.anneal.core.format.Shape;
import dev.anneal.core.format.TensorSource;
import dev.anneal.core.io.LocalFileStore;
import dev.anneal.core.peft.AdapterConfigJson;
import dev.anneal.core.peft.AdapterFolder;
import dev.anneal.core.tensor.Device;
import dev.anneal.core.tensor.TensorRuntime;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CombinedAdapterTest {
  private static final String Q = "base_model.model.model.layers.0.self_attn.q_proj";
  private static final String A = Q + ".lora_A.weight";
  private static final String B = Q + ".lora_B.weight";
  private static final Shape DOWN = Shape.of(1, 2);
  private static final Shape UP = Shape.of(3, 1);

  @TempDir private Path temporary;
  private final LocalFileStore disk = new LocalFileStore();
  private TensorRuntime runtime;

  @BeforeEach
  void open() {
    runtime = TensorRuntime.open(Device.CPU);
    runtime.prepareThread(1);
  }

  @AfterEach
  void close() {
    runtime.close();
  }

  private record Values(Shape shape, float... values) {}

  private CombinedAdapter.Part adapter(
      String name, double weight, Map<String, ?> config, Map<String, Values> tensors)
      throws IOException {
    Path folder = temporary.resolve(name);
    Map<String, Object> fields = new HashMap<>();
    fields.put("r", 1);
    fields.put("lora_alpha", 4);
    fields.put("target_modules", List.of("q_proj"));
    fields.putAll(config);
    disk.writeBytes(
        folder.resolve("adapter_config.json").toString(),
        AdapterConfigJson.render("LORA", "", fields));
    List<TensorSource> sources = new ArrayList<>();
    tensors.forEach(
        (key, tensor) -> {
          ByteBuffer bytes = ByteBuffer.allocate(4 * tensor.values().length);
          bytes.order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().put(tensor.values());
          sources.add(TensorSource.of(key, DType.F32, tensor.shape(), bytes));
        });
    new SafetensorsWriter(disk)
        .write(folder.resolve("adapter_model.safetensors").toString(), sources, Map.of());
    return new CombinedAdapter.Part(AdapterFolder.open(folder), weight);
  }

  /** A = [1, 2], B = [1, 0, 3] by default; scaling 4. */
  private CombinedAdapter.Part first(double weight) throws IOException {
    return adapter(
        "first", weight, Map.of(), Map.of(A, new Values(DOWN, 1, 2), B, new Values(UP, 1, 0, 3)));
  }

  private CombinedAdapter.Part second(double weight, Map<String, ?> config) throws IOException {
    return adapter(
        "second", weight, config, Map.of(A, new Values(DOWN, 2, -1), B, new Values(UP, 0, 1, 1)));
  }

  private AdapterFolder combined(Combination how, int svdRank, CombinedAdapter.Part... parts)
      throws IOException {
    Path folder = temporary.resolve("combined " + how);
    try (CombinedAdapter combined = CombinedAdapter.open(runtime, List.of(parts), how, svdRank)) {
      combined.write(disk, folder.toString(), "a/base");
      return AdapterFolder.open(folder);
    }
  }

  private static double[] values(AdapterFolder folder, String name) throws IOException {
    try (SafetensorsReader reader = folder.openWeights()) {
      ByteBuffer bytes = reader.map(name).order(ByteOrder.LITTLE_ENDIAN);
      double[] values = new double[bytes.remaining() / 4];
      for (int i = 0; i < values.length; i++) {
        values[i] = bytes.getFloat(4 * i);
      }
      return values;
    }
  }

  @Test
  void sumsBothMatricesWithTheSignAtA() throws IOException {
    // factors 4 * 0.25 = 1 and 4 * -1 = -4: A = [1, 2] - 2 [2, -1], B = [1, 0, 3] + 2 [0, 1, 1]
    AdapterFolder folder =
        combined(Combination.LINEAR, 0, first(0.25), second(-1, Map.of("lora_dropout", 0.1)));
    assertThat(values(folder, A)).containsExactly(-3, 4);
    assertThat(values(folder, B)).containsExactly(1, 2, 5);
    assertThat(folder.config().settings()).containsEntry("r", 1).containsEntry("lora_alpha", 1.0);
    assertThat(folder.config().baseModel()).isEqualTo("a/base");
  }

  @Test
  void stacksWhatIsExactAtTheSumOfTheRanks() throws IOException {
    CombinedAdapter.Part stabilised =
        second(-0.5, Map.of("use_rslora", true, "lora_alpha", 2, "r", 1));
    AdapterFolder folder = combined(Combination.CAT, 0, first(0.25), stabilised);
    assertThat(values(folder, A)).containsExactly(1, 2, -2, 1);
    assertThat(values(folder, B)).containsExactly(1, 0, 0, 1, 3, 1);
    assertThat(folder.config().settings())
        .containsEntry("r", 2)
        .containsEntry("lora_alpha", 2.0)
        .doesNotContainKey("use_rslora");
    try (CombinedAdapter same =
        CombinedAdapter.open(runtime, List.of(first(0.25), stabilised), Combination.CAT, 0)) {
      assertThat(same.distance(folder)).isLessThan(1e-7);
    }
  }

  @Test
  void keepsTheLargestSingularValues() throws IOException {
    // changes e1·e1ᵀ times 3 and e2·e2ᵀ times 2: of rank 1 the first remains
    CombinedAdapter.Part three =
        adapter(
            "three", 0.75, Map.of(), Map.of(A, new Values(DOWN, 1, 0), B, new Values(UP, 1, 0, 0)));
    CombinedAdapter.Part two =
        adapter(
            "two", 0.5, Map.of(), Map.of(A, new Values(DOWN, 0, 1), B, new Values(UP, 0, 1, 0)));
    AdapterFolder folder = combined(Combination.SVD, 1, three, two);
    double[] a = values(folder, A);
    double[] b = values(folder, B);
    assertThat(b[0] * a[0]).isCloseTo(3, within(1e-6));
    assertThat(a[1]).isCloseTo(0, within(1e-6));
    assertThat(b[1]).isCloseTo(0, within(1e-6));
    try (CombinedAdapter same =
        CombinedAdapter.open(runtime, List.of(three, two), Combination.SVD, 1)) {
      assertThat(same.distance(folder)).isCloseTo(2 / Math.sqrt(13), within(1e-6));
    }
  }

  @Test
  void oneAdapterIsScaledAtItsRank() throws IOException {
    AdapterFolder folder = combined(Combination.SVD, 0, first(-0.25));
    assertThat(values(folder, A)).containsExactly(-1, -2);
    assertThat(values(folder, B)).containsExactly(1, 0, 3);
  }

  @Test
  void atAModuleOfOneAdapterThatOneCounts() throws IOException {
    String v = A.replace("q_proj", "v_proj");
    CombinedAdapter.Part other =
        adapter(
            "other",
            0.25,
            Map.of("target_modules", List.of("v_proj")),
            Map.of(
                v,
                new Values(DOWN, 5, 6),
                B.replace("q_proj", "v_proj"),
                new Values(Shape.of(1, 1), 7)));
    AdapterFolder folder = combined(Combination.LINEAR, 0, first(0.25), other);
    assertThat(values(folder, A)).containsExactly(1, 2);
    assertThat(values(folder, v)).containsExactly(5, 6);
    assertThat(folder.config().settings()).containsEntry("target_modules", "q_proj, v_proj");
  }

  @Test
  void whatIsTrainedWholeHasOneOwner() throws IOException {
    Map<String, Values> tensors =
        Map.of(
            A,
            new Values(DOWN, 1, 2),
            B,
            new Values(UP, 1, 0, 3),
            "base_model.model.lm_head.weight",
            new Values(DOWN, 8, 9));
    Map<String, ?> saved = Map.of("modules_to_save", List.of("lm_head"));
    CombinedAdapter.Part owner = adapter("owner", 1, saved, tensors);
    AdapterFolder folder = combined(Combination.CAT, 0, second(1, Map.of()), owner);
    assertThat(values(folder, "base_model.model.lm_head.weight")).containsExactly(8, 9);
    assertThat(folder.config().settings()).containsEntry("modules_to_save", "lm_head");

    CombinedAdapter.Part another = adapter("another", 1, saved, tensors);
    assertThatThrownBy(
            () -> CombinedAdapter.open(runtime, List.of(owner, another), Combination.CAT, 0))
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            "Cannot combine adapter "
                + temporary.resolve("another")
                + ": base_model.model.lm_head.weight is trained whole, as in "
                + temporary.resolve("owner")
                + " (modules_to_save: one adapter alone may have a module) (export.adapters)");
  }

  @Test
  void matricesOfAnotherBaseAreRefused() throws IOException {
    CombinedAdapter.Part wider =
        adapter(
            "wider",
            1,
            Map.of(),
            Map.of(A, new Values(Shape.of(1, 3), 1, 2, 3), B, new Values(UP, 1, 0, 3)));
    assertThatThrownBy(
            () -> CombinedAdapter.open(runtime, List.of(first(1), wider), Combination.CAT, 0))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(
            "its model.layers.0.self_attn.q_proj is 3 to 3, in "
                + temporary.resolve("first")
                + " 2 to 3 (must belong to one base)");
  }

  @Test
  void nothingStaysOpen() throws IOException {
    CombinedAdapter.Part[] parts = {first(0.25), second(1, Map.of())};
    combined(Combination.SVD, 2, parts);
    long open = runtime.liveTensors();
    combined(Combination.CAT, 0, parts);
    combined(Combination.LINEAR, 0, parts);
    assertThat(runtime.liveTensors()).isEqualTo(open);
  }
}
