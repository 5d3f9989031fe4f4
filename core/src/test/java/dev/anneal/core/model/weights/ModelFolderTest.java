package dev.anneal.core.model.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.format.DType;
import dev.anneal.core.format.SafetensorsReader;
import dev.anneal.core.format.SafetensorsWriter;
import dev.anneal.core.format.Shape;
import dev.anneal.core.format.ShardedSafetensors;
import dev.anneal.core.format.TensorSource;
import dev.anneal.core.io.LocalFileStore;
import dev.anneal.core.model.config.WeightNames;
import dev.anneal.core.model.config.WeightSpec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelFolderTest {
  private static final Path PARITY = Path.of("src/test/resources/parity");
  private static final String CONFIG =
      """
      {"model_type": "qwen2", "vocab_size": 10, "hidden_size": 4, "intermediate_size": 6,
       "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 1,
       "tie_word_embeddings": true, "eos_token_id": 3}
      """;

  @TempDir private Path temporary;
  private Path folder;

  @BeforeEach
  void emptyFolder() throws IOException {
    folder = Files.createDirectory(temporary.resolve("my model 模型"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "llama3-rope", "qwen2", "qwen3", "mistral-linear"})
  void opensWhatTransformersSaved(String name) throws IOException {
    ModelFolder model = ModelFolder.open(PARITY.resolve(name));

    try (SafetensorsReader weights = model.openWeights()) {
      long elements =
          weights.tensors().values().stream().mapToLong(tensor -> tensor.shape().elements()).sum();
      assertThat(model.config().parameterCount()).isEqualTo(elements);
    }
    assertThat(model.contentHash()).hasSize(64).isEqualTo(model.contentHash());
  }

  @Test
  void refusesAFolderThatIsNoModel() throws IOException {
    Path none = folder.resolve("none");
    assertRefused(none, "Cannot read model " + none + ": no such folder (model.path)");
    assertRefused(folder, "Cannot read model " + folder + ": no config.json (model.path)");
    Files.writeString(folder.resolve("config.json"), "{\"model_type\": ");
    assertRefused(folder, "config.json: not JSON");
    Files.writeString(folder.resolve("config.json"), "[]");
    assertRefused(folder, "config.json: not a JSON object (model.path)");
  }

  @Test
  void opensAFolderWithoutWeightsUntilTheyAreAskedFor() throws IOException {
    ModelFolder model = open();

    assertThat(model.hasWeights()).isFalse();
    assertThat(model.contentHash()).hasSize(64);
    assertThatThrownBy(model::openWeights)
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            "Cannot read weights: "
                + folder
                + ": no weights: neither model.safetensors nor model.safetensors.index.json"
                + " (model.path)");
  }

  @Test
  void readsShardedWeights() throws IOException {
    List<TensorSource> tensors = weights();
    new ShardedSafetensors(new LocalFileStore(), 100).write(folder.toString(), tensors);

    ModelFolder model = open();
    try (SafetensorsReader reader = model.openWeights()) {
      assertThat(reader.tensors()).hasSize(tensors.size());
    }
    String hash = model.contentHash();
    Path shard;
    try (Stream<Path> files = Files.list(folder)) {
      shard = files.filter(file -> file.toString().endsWith("tensors")).sorted().toList().get(0);
    }
    byte[] bytes = Files.readAllBytes(shard);
    bytes[bytes.length - 1] ^= 1;
    Files.write(shard, bytes);
    assertThat(model.contentHash()).isNotEqualTo(hash);
  }

  @Test
  void namesEveryWeightThatDoesNotFit() throws IOException {
    List<TensorSource> tensors = weights();
    tensors.removeIf(tensor -> tensor.name().equals("model.norm.weight"));
    tensors.removeIf(tensor -> tensor.name().endsWith("q_proj.bias"));
    tensors.add(zeros("model.layers.1.mlp.up_proj.weight", DType.F32, 2, 2));
    tensors.removeIf(tensor -> tensor.name().endsWith("o_proj.weight"));
    tensors.add(zeros("model.layers.0.self_attn.o_proj.weight", DType.F32, 4, 5));
    tensors.removeIf(tensor -> tensor.name().endsWith("input_layernorm.weight"));
    tensors.add(zeros("model.layers.0.input_layernorm.weight", DType.I64, 4));
    write(tensors);

    assertThatThrownBy(() -> open().openWeights())
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            "Cannot load weights of "
                + folder
                + ": 2 missing: model.layers.0.self_attn.q_proj.bias, model.norm.weight;"
                + " 2 with another shape or dtype: model.layers.0.input_layernorm.weight I64"
                + " (expected F32, F16 or BF16), model.layers.0.self_attn.o_proj.weight [4, 5]"
                + " (expected [4, 4])"
                + " (model.path: does config.json belong to these weights?)");
  }

  @Test
  void toleratesTheSecondCopyOfTiedEmbeddings() throws IOException {
    List<TensorSource> tensors = weights();
    tensors.add(zeros("lm_head.weight", DType.F32, 10, 4));
    tensors.add(zeros("model.layers.0.self_attn.rotary_emb.inv_freq", DType.F32, 1));
    write(tensors);

    open().openWeights().close();
  }

  @Test
  void refusesTruncatedWeights() throws IOException {
    write(weights());
    Path file = folder.resolve("model.safetensors");
    byte[] whole = Files.readAllBytes(file);
    Files.write(file, java.util.Arrays.copyOf(whole, whole.length - 10));

    assertThatThrownBy(() -> open().openWeights())
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("Cannot read weights: " + file + ": ")
        .hasMessageEndingWith("the file is truncated (model.path)");
  }

  @Test
  void takesTheEndTokensOfTheGenerationConfig() throws IOException {
    assertThat(open().eosTokenIds()).containsExactly(3);
    Path generation = folder.resolve("generation_config.json");
    Files.writeString(generation, "{\"eos_token_id\": [128001, 128008]}");
    assertThat(open().eosTokenIds()).containsExactly(128001, 128008);
    Files.writeString(generation, "{\"temperature\": 0.6}");
    assertThat(open().eosTokenIds()).containsExactly(3);
    Files.writeString(generation, "{\"eos_token_id\": \"x\"}");
    assertRefused(folder, "Invalid eos_token_id: \"x\"");
  }

  @Test
  void listsTheTokenizerFilesItHas() throws IOException {
    Files.writeString(folder.resolve("tokenizer.json"), "{}");
    Files.writeString(folder.resolve("chat_template.jinja"), "");

    assertThat(open().tokenizerFiles())
        .containsExactly(folder.resolve("tokenizer.json"), folder.resolve("chat_template.jinja"));
  }

  private ModelFolder open() throws IOException {
    Files.writeString(folder.resolve("config.json"), CONFIG);
    return ModelFolder.open(folder);
  }

  private List<TensorSource> weights() throws IOException {
    List<TensorSource> tensors = new ArrayList<>();
    for (WeightSpec weight : WeightNames.expected(open().config())) {
      tensors.add(zeros(weight.name(), DType.F32, weight.shape().toArray()));
    }
    return tensors;
  }

  private void write(List<TensorSource> tensors) throws IOException {
    new SafetensorsWriter(new LocalFileStore())
        .write(
            folder.resolve("model.safetensors").toString(),
            tensors,
            SafetensorsWriter.PYTORCH_METADATA);
  }

  private static TensorSource zeros(String name, DType dtype, long... shape) {
    int bytes = (int) Shape.of(shape).elements() * dtype.bytes();
    return TensorSource.of(name, dtype, Shape.of(shape), ByteBuffer.allocate(bytes));
  }

  private static void assertRefused(Path path, String message) {
    assertThatThrownBy(() -> ModelFolder.open(path))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(message);
  }
}
