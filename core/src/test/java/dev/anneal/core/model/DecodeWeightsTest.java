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
import dev.anneal.core.tensor.Device;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import dev.anneal.core.tensor.TensorScope;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Generation token by token, in every layout of its weights, against the whole text at once. */
class DecodeWeightsTest {
  private static final int[][] PROMPTS = {{5, 9, 30}, {1, 2, 3, 4, 36}, {8}};
  private static final int[] NEXT = {7, 11, 13, 17};

  @ParameterizedTest
  @CsvSource({
    "BLAS, llama, none, 3",
    "ONEDNN, qwen2, none, 3",
    "ONEDNN, mistral, lora, 1",
    "BY_SHAPE, llama, none, 1",
    "BY_SHAPE, llama, lora, 1",
    "BY_SHAPE, qwen2, lora, 1",
    "BY_SHAPE, qwen2, lora, 3",
    "BY_SHAPE, qwen3, none, 3",
    "BY_SHAPE, mistral, lora, 3",
    "BLAS, llama, houlsby, 3",
    "BY_SHAPE, qwen2, houlsby, 3",
    "BY_SHAPE, qwen3, parallel, 1",
  })
  void givesTheLogitsOfTheWholeText(
      MatrixProducts products, String family, String adapter, int sequences)
      throws JsonProcessingException {
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU);
        TensorScope scope = new TensorScope()) {
      runtime.prepareThread(1);
      CausalLm model = model(runtime, scope, products, family, adapter);
      // twice: a later and smaller batch reads the layout of the first
      for (int batch : new int[] {sequences, 1}) {
        List<int[]> texts = new ArrayList<>(List.of(PROMPTS).subList(0, batch));
        try (DecodeSession session = model.decode(batch, 20)) {
          session.prefill(texts);
          for (int token : NEXT) {
            requireSameLogits(model, session, texts);
            int[] tokens = new int[batch];
            for (int b = 0; b < batch; b++) {
              tokens[b] = (token + b) % RandomDecoder.VOCABULARY;
              texts.set(b, longer(texts.get(b), tokens[b]));
            }
            session.step(tokens);
          }
          requireSameLogits(model, session, texts);
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"BLAS, llama", "ONEDNN, qwen2", "BY_SHAPE, llama", "BY_SHAPE, qwen2"})
  void oneCopyServesTheAdaptersOverABase(MatrixProducts products, String family)
      throws JsonProcessingException {
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU);
        TensorScope scope = new TensorScope()) {
      runtime.prepareThread(1);
      CausalLm base = model(runtime, scope, products, family, "none");
      CausalLm over = model(runtime, scope, products, family, "lora", Optional.of(base));
      CausalLm alone = model(runtime, scope, products, family, "lora");
      assertThat(generated(over)).isEqualTo(generated(alone));
      assertThat(generated(base))
          .isEqualTo(generated(model(runtime, scope, products, family, "none")))
          .isNotEqualTo(generated(over));
      assertThat(over.decodeCopyBytes()).isZero();
      assertThat(base.decodeCopyBytes()).isEqualTo(alone.decodeCopyBytes());
      // a batch that the copies are not laid out for has its own
      CausalLm other = model(runtime, scope, products, family, "lora", Optional.of(base));
      other.decode(1, 20).close();
      assertThat(other.decodeCopyBytes()).isEqualTo(base.decodeCopyBytes());
    }
  }

  /** Bits of the logits behind the prompts, and behind a token more. */
  private static List<float[]> logits(CausalLm model) {
    List<float[]> all = new ArrayList<>();
    try (DecodeSession session = model.decode(3, 20)) {
      session.prefill(List.of(PROMPTS));
      session.step(new int[] {7, 11, 13});
      for (int b = 0; b < 3; b++) {
        float[] logits = new float[RandomDecoder.VOCABULARY];
        session.logits(b, logits);
        all.add(logits);
      }
    }
    return all;
  }

  private static List<Integer> generated(CausalLm model) {
    List<Integer> bits = new ArrayList<>();
    for (float[] sequence : logits(model)) {
      for (float logit : sequence) {
        bits.add(Float.floatToRawIntBits(logit));
      }
    }
    return bits;
  }

  private static void requireSameLogits(CausalLm model, DecodeSession session, List<int[]> texts) {
    for (int b = 0; b < texts.size(); b++) {
      float[] actual = new float[RandomDecoder.VOCABULARY];
      session.logits(b, actual);
      long[] ids = longs(texts.get(b));
      long[] positions = LongStream.range(0, ids.length).toArray();
      long[] lengths = {ids.length};
      long[] none = {};
      MicroBatch whole = new MicroBatch(ids, positions, lengths, none, none, new long[] {1});
      try (Tensor expected = model.logits(whole, new long[] {ids.length - 1})) {
        float[] values = expected.toFloats();
        for (int i = 0; i < values.length; i++) {
          assertThat(actual[i]).isCloseTo(values[i], within(1e-4f));
        }
      }
    }
  }

  private static long[] longs(int[] ids) {
    return java.util.Arrays.stream(ids).asLongStream().toArray();
  }

  private static int[] longer(int[] ids, int last) {
    int[] more = java.util.Arrays.copyOf(ids, ids.length + 1);
    more[ids.length] = last;
    return more;
  }

  private static CausalLm model(
      TensorRuntime runtime,
      TensorScope scope,
      MatrixProducts products,
      String family,
      String adapter)
      throws JsonProcessingException {
    return model(runtime, scope, products, family, adapter, Optional.empty());
  }

  private static CausalLm model(
      TensorRuntime runtime,
      TensorScope scope,
      MatrixProducts products,
      String family,
      String adapter,
      Optional<CausalLm> base)
      throws JsonProcessingException {
    DecoderConfig config =
        RandomDecoder.config(family, false, new RandomDecoder.Sizes(6, 2, 10, 20, 27));
    LinearHook hook =
        switch (adapter) {
          case "none" -> LinearHook.none();
          case "lora" -> Methods.lora("r=3", "lora_alpha=6");
          default -> Methods.of("BOTTLENECK", "placement=" + adapter, "bottleneck_size=3");
        };
    DecoderLayout layout = new DecoderLayout(config);
    List<ParameterSpec> specs = new ArrayList<>();
    layout.sites().forEach(site -> specs.addAll(hook.parameters(site)));
    for (int i = 0; i < layout.layers(); i++) {
      specs.addAll(hook.blockParameters(layout, i));
    }
    Map<String, Long> offsets = new HashMap<>();
    long length = 0;
    for (ParameterSpec spec : specs) {
      offsets.put(spec.name(), length);
      length += spec.elementCount();
    }
    TensorProgram tensors = scope.own(TensorProgram.open(runtime));
    FlatParameters flat =
        scope.own(new FlatParameters(runtime, tensors, specs, offsets::get, length));
    for (ParameterSpec spec : specs) {
      try (Tensor value = RandomDecoder.values(runtime, spec.name(), spec.shape().toArray())) {
        tensors.copy(flat.value(spec.name()), value);
      }
    }
    WeightSource source = (name, shape) -> RandomDecoder.values(runtime, name, shape);
    ModelParts parts =
        new ModelParts(
            runtime,
            new Computation(config, products, hook),
            base.map(model -> model.sharedWeights(tensors, source, true)).orElse(source),
            flat,
            Optional.empty());
    return scope.own(new CausalLm(runtime, parts, LayerStorage.KEEP, base));
  }
}
