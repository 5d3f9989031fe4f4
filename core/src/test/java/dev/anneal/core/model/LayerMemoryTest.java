package dev.anneal.core.model;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.anneal.core.model.config.DecoderConfig;
import dev.anneal.core.model.config.DecoderConfigParser;
import dev.anneal.core.model.config.LayerMemory;
import dev.anneal.core.model.weights.DecoderLayout;
import dev.anneal.core.model.weights.InitialWeights;
import dev.anneal.core.model.weights.ParameterSpec;
import dev.anneal.core.peft.Methods;
import dev.anneal.core.script.TensorProgram;
import dev.anneal.core.tensor.Device;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import dev.anneal.core.tensor.TensorScope;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The arithmetic of what layers keep against the tensors that the program gives. */
class LayerMemoryTest {
  private static final long[] NONE = {};
  private static final long[] IDS = {1, 2, 3, 4, 5, 6, 7};
  private static final long[] POSITIONS = {0, 1, 2, 3, 0, 1, 2};

  @ParameterizedTest
  @ValueSource(strings = {"llama", "qwen2", "qwen3", "mistral"})
  void keptValuesAreThoseOfTheWrittenForward(String family) throws Exception {
    DecoderConfig config = config(family);
    long values = keptValues(config, LinearHook.none());
    assertThat(values).isEqualTo(IDS.length * LayerMemory.written(config, false).kept());
    assertThat(LayerMemory.written(config, true).kept()).isEqualTo(values / IDS.length);
    assertThat(LayerMemory.autograd(config, false).kept()).isGreaterThan(values / IDS.length);
  }

  @ParameterizedTest
  @CsvSource({"houlsby, 2", "pfeiffer, 1", "parallel, 0"})
  void outputsOfBlocksAreKeptWhereAMethodReadsThem(String placement, int outputs) throws Exception {
    DecoderConfig config = config("qwen3");
    LinearHook hook = Methods.of("BOTTLENECK", "placement=" + placement);
    assertThat(hook.blockOutputsKept()).isEqualTo(outputs);
    LayerMemory memory = LayerMemory.written(config, false).withBlockOutputs(outputs, config);
    assertThat(keptValues(config, hook)).isEqualTo(IDS.length * memory.kept());
  }

  private static long keptValues(DecoderConfig config, LinearHook hook) {
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU);
        TensorScope scope = new TensorScope()) {
      runtime.prepareThread(1);
      TensorProgram tensors = scope.own(TensorProgram.open(runtime));
      List<ParameterSpec> specs = hook.blockParameters(new DecoderLayout(config), 0);
      FlatParameters trained =
          scope.own(new FlatParameters(runtime, tensors, specs, name -> 0, 100_000));
      ModelParts parts =
          scope.own(
              new ModelParts(
                  runtime,
                  new Computation(config, MatrixProducts.ofThisHost(), hook),
                  new InitialWeights(runtime, 1, 0.02),
                  trained));
      BatchTensors batch =
          scope.own(
              new BatchTensors(
                  runtime,
                  parts,
                  new MicroBatch(IDS, POSITIONS, new long[] {4, 3}, NONE, NONE, new long[2])));
      Tensor hidden = scope.own(runtime.zeros(IDS.length, config.hiddenSize()));
      List<Tensor> saved =
          parts
              .program()
              .call("written_forward")
              .tensor(hidden)
              .dict(parts.layers().get(0).tensors())
              .dict(batch.context(0))
              .run();
      saved.forEach(scope::own);
      return saved.stream().mapToLong(Tensor::elementCount).sum();
    }
  }

  private static DecoderConfig config(String family) throws Exception {
    String json =
        """
        {"model_type": "%s", "vocab_size": 37, "hidden_size": 20, "intermediate_size": 27,
         "num_hidden_layers": 1, "num_attention_heads": 6, "num_key_value_heads": 2, "head_dim": 10,
         "max_position_embeddings": 512, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
         "hidden_act": "silu", "tie_word_embeddings": false}
        """
            .formatted(family);
    return DecoderConfigParser.parse(new ObjectMapper().readTree(json), family);
  }
}
