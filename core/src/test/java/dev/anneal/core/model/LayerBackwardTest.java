package dev.anneal.core.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.anneal.core.model.config.DecoderConfig;
import dev.anneal.core.model.weights.DecoderLayout;
import dev.anneal.core.model.weights.ParameterSpec;
import dev.anneal.core.model.weights.WeightSource;
import dev.anneal.core.peft.Methods;
import dev.anneal.core.script.TensorProgram;
import dev.anneal.core.tensor.CounterRandom;
import dev.anneal.core.tensor.Device;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import dev.anneal.core.tensor.TensorScope;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongPredicate;
import java.util.function.Predicate;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The backward that is written out against autograd, on packed sequences of odd lengths. */
class LayerBackwardTest {
  private static final double TOLERANCE = 1e-5;
  private static final Map<String, Predicate<String>> TRAINED =
      Map.of(
          "all", name -> true,
          "none", name -> false,
          "lastLayer", name -> name.startsWith("model.layers.2."),
          "middleLayer", name -> name.startsWith("model.layers.1."),
          "norms", name -> name.endsWith("norm.weight"),
          "biases", name -> name.endsWith(".bias"),
          "head", name -> name.equals("lm_head.weight"),
          "embedding", name -> name.equals("model.embed_tokens.weight"));

  @ParameterizedTest
  @CsvSource({
    "llama, false, all, NONE",
    "llama, true, all, NONE",
    "qwen2, true, all, NONE",
    "qwen2, false, biases, NONE",
    "qwen3, false, all, NONE",
    "qwen3, true, norms, NONE",
    "mistral, false, all, NONE",
    "llama, false, lastLayer, NONE",
    "qwen2, false, middleLayer, NONE",
    "llama, false, head, NONE",
    "llama, false, embedding, NONE",
    "llama, false, none, LORA",
    "qwen2, true, none, LORA",
    "qwen3, false, none, LORA",
    "mistral, false, none, LORA",
    "llama, false, none, LORA_DROPOUT",
    "qwen2, true, none, LORA_DROPOUT",
    "qwen2, false, middleLayer, LORA",
    "llama, true, embedding, LORA_DROPOUT",
    "mistral, false, none, LORA_DROPOUT",
    "qwen3, true, none, LORA_DROPOUT",
    "qwen3, false, none, LORA_ON_TWO",
    "mistral, false, lastLayer, LORA_IN_ONE_LAYER",
    "qwen3, false, none, LORA_IN_ONE_LAYER",
  })
  void givesTheGradientsOfAutograd(String family, boolean tied, String trained, Method method)
      throws JsonProcessingException {
    DecoderConfig config =
        RandomDecoder.config(family, tied, new RandomDecoder.Sizes(6, 2, 10, 20, 27));
    requireSameGradients(config, TRAINED.get(trained), method, batch(1, 17, 139));
  }

  @ParameterizedTest
  @CsvSource({
    "3, 3, 2, 5, 7, 3", // one query head a key/value head
    "5, 1, 6, 33, 1, 127", // one key/value head
    "4, 2, 8, 16, 48, 128", // attention's block, exactly
    "4, 2, 8, 16, 48, 129",
    "7, 7, 14, 29, 31, 257",
  })
  void givesThemForAnySizes(int heads, int kvHeads, int headDim, int hidden, int inner, long length)
      throws JsonProcessingException {
    DecoderConfig config =
        RandomDecoder.config(
            "qwen3", false, new RandomDecoder.Sizes(heads, kvHeads, headDim, hidden, inner));
    for (Method method : List.of(Method.NONE, Method.LORA, Method.LORA_DROPOUT)) {
      String trained = method == Method.NONE ? "all" : "none";
      requireSameGradients(config, TRAINED.get(trained), method, batch(length));
      requireSameGradients(config, TRAINED.get(trained), method, batch(2, length, 5));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "BLAS, all, NONE",
    "ONEDNN, all, NONE",
    "BY_SHAPE, all, NONE",
    "BLAS, none, LORA",
    "ONEDNN, none, LORA",
    "BY_SHAPE, none, LORA",
    "BY_SHAPE, none, LORA_DROPOUT",
  })
  void givesThemByAnyProducts(MatrixProducts products, String trained, Method method)
      throws JsonProcessingException {
    DecoderConfig config =
        RandomDecoder.config("qwen3", false, new RandomDecoder.Sizes(6, 2, 10, 20, 27));
    requireSameGradients(products, config, TRAINED.get(trained), method, batch(1, 17, 139));
  }

  /** Few targets leave most rows of the last layer out, all of them none. */
  @ParameterizedTest
  @CsvSource({
    "llama, all, NONE",
    "qwen3, lastLayer, NONE",
    "qwen2, none, LORA",
    "mistral, none, LORA_DROPOUT",
    "llama, head, NONE",
  })
  void targetsApartSumToTheWhole(String family, String trained, Method method)
      throws JsonProcessingException {
    DecoderConfig config =
        RandomDecoder.config(family, false, new RandomDecoder.Sizes(6, 2, 10, 20, 27));
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU)) {
      runtime.prepareThread(1);
      Setting written =
          new Setting(
              MatrixProducts.BLAS, config, TRAINED.get(trained), method.hook(), LayerStorage.KEEP);
      for (Setting setting : List.of(written, written.byAutograd())) {
        Step whole = step(runtime, setting, batch(row -> true, 1, 17, 139));
        Step even = step(runtime, setting, batch(row -> row % 2 == 0, 1, 17, 139));
        Step odd = step(runtime, setting, batch(row -> row % 2 == 1, 1, 17, 139));
        assertThat(even.loss() + odd.loss()).isCloseTo(whole.loss(), within(1e-6 * whole.loss()));
        Map<String, float[]> sums = new LinkedHashMap<>(even.gradients());
        odd.gradients()
            .forEach((name, gradient) -> sums.merge(name, gradient, LayerBackwardTest::sum));
        requireClose(sums, whole.gradients());
      }
    }
  }

  private static void requireClose(Map<String, float[]> actual, Map<String, float[]> expected) {
    actual.forEach(
        (name, gradient) ->
            assertThat(distance(gradient, expected.get(name))).as(name).isLessThan(TOLERANCE));
  }

  private static float[] sum(float[] a, float[] b) {
    float[] sum = a.clone();
    for (int i = 0; i < sum.length; i++) {
      sum[i] += b[i];
    }
    return sum;
  }

  private static void requireSameGradients(
      DecoderConfig config, Predicate<String> trained, Method method, MicroBatch batch) {
    requireSameGradients(MatrixProducts.ofThisHost(), config, trained, method, batch);
  }

  /** The reference multiplies by BLAS. */
  private static void requireSameGradients(
      MatrixProducts products,
      DecoderConfig config,
      Predicate<String> trained,
      Method method,
      MicroBatch batch) {
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU)) {
      runtime.prepareThread(1);
      for (LayerStorage storage : List.of(LayerStorage.KEEP, new LayerStorage(2))) {
        Setting setting = new Setting(products, config, trained, method.hook(), storage);
        Step written = step(runtime, setting, batch);
        Step reference = step(runtime, setting.byAutograd(), batch);
        assertThat(written.loss()).isCloseTo(reference.loss(), within(1e-6 * reference.loss()));
        assertThat(written.gradients()).isNotEmpty();
        requireClose(written.gradients(), reference.gradients());
      }
    }
  }

  /** What is trained of which model, and how. */
  private record Setting(
      MatrixProducts products,
      DecoderConfig config,
      Predicate<String> trained,
      LinearHook hook,
      LayerStorage storage) {
    Setting byAutograd() {
      return new Setting(MatrixProducts.BLAS, config, trained, new AutogradHook(hook), storage);
    }
  }

  /** What attaches to the linear modules. */
  private enum Method {
    NONE,
    LORA,
    LORA_DROPOUT,
    LORA_ON_TWO,
    LORA_IN_ONE_LAYER;

    LinearHook hook() {
      return switch (this) {
        case NONE -> LinearHook.none();
        case LORA -> lora(0, List.of("all-linear"));
        case LORA_DROPOUT -> lora(0.25, List.of("all-linear"));
        case LORA_ON_TWO -> lora(0, List.of("v_proj", "down_proj"));
        case LORA_IN_ONE_LAYER ->
            lora(0, List.of("layers.1.self_attn.q_proj", "layers.1.mlp.up_proj"));
      };
    }

    private static LinearHook lora(double dropout, List<String> targets) {
      return Methods.lora(
          "r=3", "lora_alpha=6", "lora_dropout=" + dropout, "target_modules=" + targets);
    }
  }

  private record Step(double loss, Map<String, float[]> gradients) {}

  private static Step step(TensorRuntime runtime, Setting setting, MicroBatch batch) {
    List<ParameterSpec> specs = new ArrayList<>();
    DecoderLayout layout = new DecoderLayout(setting.config());
    layout.parameters().stream()
        .filter(spec -> setting.trained().test(spec.name()))
        .forEach(specs::add);
    layout.sites().forEach(site -> specs.addAll(setting.hook().parameters(site)));
    Map<String, Long> offsets = new HashMap<>();
    long length = 0;
    for (ParameterSpec spec : specs) {
      offsets.put(spec.name(), length);
      length += spec.elementCount();
    }
    try (TensorScope scope = new TensorScope()) {
      TensorProgram tensors = scope.own(TensorProgram.open(runtime));
      FlatParameters flat =
          scope.own(new FlatParameters(runtime, tensors, specs, offsets::get, length));
      for (ParameterSpec spec : specs) {
        try (Tensor value = RandomDecoder.values(runtime, spec.name(), spec.shape().toArray())) {
          tensors.copy(flat.value(spec.name()), value);
        }
      }
      WeightSource weights = (name, shape) -> RandomDecoder.values(runtime, name, shape);
      ModelParts parts =
          new ModelParts(
              runtime,
              new Computation(setting.config(), setting.products(), setting.hook()),
              weights,
              flat,
              Optional.empty());
      CausalLm model = scope.own(new CausalLm(runtime, parts, setting.storage()));
      LossSum loss = model.forwardBackward(batch);
      Map<String, float[]> gradients = new LinkedHashMap<>();
      specs.forEach(spec -> gradients.put(spec.name(), flat.gradient(spec.name()).toFloats()));
      return new Step(loss.sum(), gradients);
    }
  }

  /** Samples of these lengths; every fifth token and the last of a sample are no targets. */
  private static MicroBatch batch(long... lengths) {
    return batch(row -> row % 5 != 3, lengths);
  }

  private static MicroBatch batch(LongPredicate target, long... lengths) {
    int n = (int) LongStream.of(lengths).sum();
    CounterRandom random = CounterRandom.of(3, "ids");
    long[] ids =
        LongStream.range(0, n)
            .map(i -> (long) (random.uniform(i) * RandomDecoder.VOCABULARY))
            .toArray();
    long[] positions = new long[n];
    boolean[] last = new boolean[n];
    int at = 0;
    for (long length : lengths) {
      for (int i = 0; i < length; i++) {
        positions[at++] = i;
      }
      last[at - 1] = true;
    }
    long[] rows = LongStream.range(0, n).filter(i -> target.test(i) && !last[(int) i]).toArray();
    long[] targets = LongStream.of(rows).map(i -> ids[(int) i + 1]).toArray();
    long[] keys = LongStream.range(0, lengths.length).map(s -> 11 + s).toArray();
    return new MicroBatch(ids, positions, lengths, rows, targets, keys);
  }

  /** Norm of the difference over the norm of the reference; both zero agree. */
  private static double distance(float[] actual, float[] expected) {
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < expected.length; i++) {
      difference += Math.pow((double) actual[i] - expected[i], 2);
      norm += Math.pow(expected[i], 2);
    }
    return difference == 0 ? 0 : Math.sqrt(difference / norm);
  }
}
