package dev.anneal.core.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.anneal.core.config.AdapterConfig;
import dev.anneal.core.config.TrainingConfig;
import dev.anneal.core.model.config.AttentionKernel;
import dev.anneal.core.model.config.DecoderConfig;
import dev.anneal.core.model.config.DecoderConfigParser;
import dev.anneal.core.model.config.Precision;
import dev.anneal.core.model.weights.DecoderLayout;
import dev.anneal.core.model.weights.InitialWeights;
import dev.anneal.core.model.weights.ParameterSpec;
import dev.anneal.core.peft.AdapterRegistry;
import dev.anneal.core.script.Program;
import dev.anneal.core.script.TensorProgram;
import dev.anneal.core.tensor.Device;
import dev.anneal.core.tensor.FloatType;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import dev.anneal.core.tensor.TensorScope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What can be known of programs on a card without one: that all texts compile, and that a step
 * whose tensors lie on libtorch's device {@code meta} makes nothing elsewhere and waits for
 * nothing.
 */
class DeviceTextsTest {
  private static final int TOKENS = 6;

  /** Lengths and constants stay on the host, where reading them waits for nobody. */
  private static final String META =
      """
  def meta(self: __torch__.Program, x: Tensor) -> Tensor:
    return torch.to(torch.detach(x), torch.device("meta"), ops.prim.dtype(x))

  # index_select and embedding, of which libtorch has no kernel for meta; of logsumexp
  # and triu_indices neither: amax, zeros
  def chosen(self: __torch__.Program, x: Tensor, dim: int, index: Tensor) -> Tensor:
    if ops.prim.is_cpu(x) != ops.prim.is_cpu(index):
      ops.prim.RaiseException("devices differ")
    return torch.clone(torch.narrow(x, dim, 0, torch.numel(index)))

  def all_meta(self: __torch__.Program, d: Dict[str, Tensor]) -> Dict[str, Tensor]:
    moved = annotate(Dict[str, Tensor], {})
    for key in torch.keys(d):
      x = d[key]
      if key == "lengths" or key == "chunk" or ops.prim.dtype(x) == 7 and key != "loss":
        moved[key] = x
      else:
        moved[key] = self.meta(x)
    return moved

  def meta_step(self: __torch__.Program, ids: Tensor, frequencies: Tensor, w0: Dict[str, Tensor], g0: Dict[str, Tensor], end0: Dict[str, Tensor], head0: Dict[str, Tensor], c0: Dict[str, Tensor], hc0: Dict[str, Tensor], sums0: Dict[str, Tensor]) -> Tensor:
    w = self.all_meta(w0)
    g = self.all_meta(g0)
    end = self.all_meta(end0)
    head = self.all_meta(head0)
    c = self.all_meta(c0)
    hc = self.all_meta(hc0)
    sums = self.all_meta(sums0)
    for key in torch.keys(head):
      if torch.__contains__(sums, key):
        head[key].requires_grad_(True)
    ids1 = self.meta(ids)
    c["cos"], c["sin"], c["q_cos"], c["q_sin"], = self.rotary(ids1, self.meta(frequencies))
    x = self.embed(ids1, end)
    saved = self.written_forward(x, w, c)
    dy = self.head_loss(saved[7], head, hc, sums)
    dx = self.written_backward(saved, x, dy, w, c, g)
    if ops.prim.is_cpu(dx) or ops.prim.is_cpu(sums["loss"]):
      ops.prim.RaiseException("on the CPU")
    return torch.full([1], torch.numel(dx), dtype=4)

  def waits(self: __torch__.Program, x: Tensor) -> Tensor:
    return torch.full([1], float(torch.sum(self.meta(x))), dtype=6)

  def mixes(self: __torch__.Program, x: Tensor) -> Tensor:
    return torch.add(self.meta(x), torch.full([2], 1., dtype=6))
""";

  private static final DecoderConfig CONFIG = config();

  private static DecoderConfig config() {
    try {
      return DecoderConfigParser.parse(
          new ObjectMapper()
              .readTree(
                  """
                  {"model_type": "qwen3", "vocab_size": 11, "hidden_size": 16, "intermediate_size": 24,
                   "num_hidden_layers": 1, "num_attention_heads": 4, "num_key_value_heads": 2,
                   "head_dim": 8, "tie_word_embeddings": false}
                  """),
          "config.json");
    } catch (java.io.IOException e) {
      throw new AssertionError(e);
    }
  }

  private static LinearHook method(String settings) {
    AdapterConfig adapter = TrainingConfig.of(settings.split(" ")).adapter();
    return AdapterRegistry.choose(adapter, Optional.empty(), CONFIG)
        .map(LinearHook.class::cast)
        .orElse(LinearHook.none());
  }

  private static Computation computation(
      Precision precision, AttentionKernel kernel, LinearHook hook) {
    return new Computation(CONFIG, precision, MatrixProducts.BLAS, kernel, hook);
  }

  @ParameterizedTest
  @EnumSource(AttentionKernel.class)
  void everyTextCompiles(AttentionKernel kernel) {
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU)) {
      for (FloatType type : FloatType.values()) {
        for (Precision precision : List.of(Precision.of(type), Precision.mixed(type))) {
          for (LinearHook hook : List.of(LinearHook.none(), method("adapter.peft_type=LORA"))) {
            for (LinearHook way : List.of(hook, new AutogradHook(hook))) {
              computation(precision, kernel, way).compile(runtime).close();
            }
          }
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "adapter.peft_type=NONE",
        "adapter.peft_type=LORA",
        "adapter.peft_type=LORA adapter.lora_dropout=0.1",
        "adapter.peft_type=LORA adapter.use_dora=true",
        "adapter.peft_type=LORA adapter.target_modules=[lm_head,embed_tokens,v_proj]",
        "adapter.peft_type=IA3",
        "adapter.peft_type=OFT adapter.oft_block_size=4",
        "adapter.peft_type=VERA adapter.r=4"
      })
  void aStepStaysOnItsDevice(String settings) {
    for (Precision precision :
        List.of(
            Precision.FULL, Precision.of(FloatType.BFLOAT16), Precision.mixed(FloatType.FLOAT16))) {
      LinearHook hook = method(settings);
      if (!precision.half() || hook.writtenForHalf()) {
        assertThat(step(hook, precision)).isEqualTo(TOKENS * 16);
      }
    }
  }

  private static long step(LinearHook hook, Precision precision) {
    Computation computation = computation(precision, AttentionKernel.MATH, hook);
    List<String> texts = new ArrayList<>();
    for (String text : computation.texts()) {
      texts.add(
          text.replace("torch.logsumexp(", "torch.amax(")
              .replace("torch.triu_indices(b, b, 1, ", "torch.zeros([2, b * (b - 1) // 2], ")
              .replaceAll("torch\\.index_select\\((?![^\\n]*out=)", "self.chosen(")
              .replaceAll("torch\\.embedding\\((.*), ids\\)", "self.chosen($1, 0, ids)"));
    }
    texts.add(META);
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU);
        TensorScope scope = new TensorScope()) {
      runtime.prepareThread(1);
      Program program = scope.own(Program.compile(runtime, texts));
      TensorProgram tensors = scope.own(TensorProgram.open(runtime));
      FlatParameters trained = trained(runtime, tensors, hook, scope);
      ModelParts parts =
          scope.own(
              new ModelParts(runtime, computation, new InitialWeights(runtime, 1, 0.02), trained));
      LayerWeights layer = parts.layers().get(0);
      Map<String, Tensor> gradients = new LinkedHashMap<>(layer.gradients());
      Map<String, Tensor> sums = new LinkedHashMap<>(parts.head().gradients());
      sums.put("loss", scope.own(runtime.doubles(new double[1], 1)));
      gradients.put("none", scope.own(runtime.zeros(1)));
      long[] ids = {1, 2, 3, 4, 5, 6};
      Tensor idTensor = scope.own(runtime.longs(ids, TOKENS));
      Map<String, Tensor> context = new HashMap<>();
      context.put("lengths", scope.own(runtime.longs(new long[] {4, 2}, 2)));
      context.put("rows", scope.own(runtime.longs(new long[] {0, 1, 4}, 3)));
      context.put("random_keys", scope.own(runtime.longs(ids, TOKENS)));
      Map<String, Tensor> head = new HashMap<>();
      head.put("rows", scope.own(runtime.longs(new long[] {0, 1, 2}, 3)));
      head.put("targets", scope.own(runtime.longs(new long[] {3, 4, 5}, 3)));
      head.put("random_keys", scope.own(runtime.longs(new long[] {7, 8, 9}, 3)));
      head.put("chunk", scope.own(runtime.longs(new long[] {2}, 1)));
      head.put("gradient_factor", scope.own(runtime.doubles(new double[] {8}, 1)));
      try (Tensor elements =
          program
              .call("meta_step")
              .tensor(idTensor)
              .tensor(parts.rotary().frequencies())
              .dict(layer.tensors())
              .dict(gradients)
              .dict(parts.embedding().tensors())
              .dict(parts.head().tensors())
              .dict(context)
              .dict(head)
              .dict(sums)
              .one()) {
        return elements.toLongs()[0];
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "adapter.peft_type=LORA, 0 4 6, 0 4 6, 4 4",
    "adapter.peft_type=PREFIX_TUNING adapter.num_virtual_tokens=3, 0 4 6, 0 7 12, 4 7",
    "adapter.peft_type=PROMPT_TUNING adapter.num_virtual_tokens=3, 0 7 12, 0 7 12, 7 7"
  })
  void packedRowsAreGivenByTheirBoundaries(
      String settings, String queries, String keys, String longest) {
    LinearHook hook = method(settings);
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU);
        TensorScope scope = new TensorScope()) {
      runtime.prepareThread(1);
      TensorProgram tensors = scope.own(TensorProgram.open(runtime));
      ModelParts parts =
          scope.own(
              new ModelParts(
                  runtime,
                  computation(Precision.of(FloatType.BFLOAT16), AttentionKernel.VARLEN, hook),
                  new InitialWeights(runtime, 1, 0.02),
                  trained(runtime, tensors, hook, scope)));
      long[] ids = {1, 2, 3, 4, 5, 6};
      long[] positions = {0, 1, 2, 3, 0, 1};
      long[] none = {};
      MicroBatch rows = new MicroBatch(ids, positions, new long[] {4, 2}, none, none, new long[2]);
      MicroBatch batch =
          parts.virtualTokens().map(virtual -> virtual.tokens().before(rows)).orElse(rows);
      Map<String, Tensor> context = scope.own(new BatchTensors(runtime, parts, batch)).context(0);
      assertThat(context.get("boundaries").toLongs()).containsExactly(numbers(queries));
      assertThat(context.get("key_boundaries").toLongs()).containsExactly(numbers(keys));
      assertThat(context.get("longest").toLongs()).containsExactly(numbers(longest));
    }
  }

  private static long[] numbers(String text) {
    return Arrays.stream(text.split(" ")).mapToLong(Long::parseLong).toArray();
  }

  private static FlatParameters trained(
      TensorRuntime runtime, TensorProgram tensors, LinearHook hook, TensorScope scope) {
    DecoderLayout layout = new DecoderLayout(CONFIG);
    List<ParameterSpec> specs = new ArrayList<>();
    layout.sites().forEach(site -> specs.addAll(hook.parameters(site)));
    hook.ends(layout).forEach(site -> specs.addAll(hook.parameters(site)));
    hook.virtualTokens(CONFIG).ifPresent(virtual -> specs.addAll(virtual.parameters()));
    if (specs.isEmpty()) {
      layout.weights().forEach((name, shape) -> specs.add(new ParameterSpec(name, shape, true)));
    }
    Map<String, Long> offsets = new HashMap<>();
    long at = 0;
    for (ParameterSpec spec : specs) {
      offsets.put(spec.name(), at);
      at += spec.elementCount();
    }
    return scope.own(new FlatParameters(runtime, tensors, specs, offsets::get, at));
  }

  /** That the check can fail. */
  @Test
  void waitingAndMixingAreFound() {
    List<String> texts =
        new ArrayList<>(
            computation(Precision.FULL, AttentionKernel.MATH, LinearHook.none()).texts());
    texts.add(META);
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU);
        Program program = Program.compile(runtime, texts);
        Tensor x = runtime.floats(new float[2], 2)) {
      for (String method : List.of("waits", "mixes")) {
        assertThatThrownBy(() -> program.call(method).tensor(x).one())
            .hasStackTraceContaining("meta");
      }
    }
  }
}
