package dev.anneal.jobs.generate;

import dev.anneal.core.assembly.TrainedModel;
import dev.anneal.core.config.TrainingConfig;
import dev.anneal.core.export.AdapterExport;
import dev.anneal.core.export.MergedWeights;
import dev.anneal.core.export.ModelExport;
import dev.anneal.core.io.LocalFileStore;
import dev.anneal.core.model.LayerStorage;
import dev.anneal.core.model.weights.ModelFolder;
import dev.anneal.core.model.weights.ParameterSpec;
import dev.anneal.core.peft.AdapterMethod;
import dev.anneal.core.peft.AdapterRegistry;
import dev.anneal.core.tensor.CounterRandom;
import dev.anneal.core.tensor.Device;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** A Qwen2 model of two layers with seeded random weights and the sample's tokenizer. */
public final class TinyModel {
  public static final Path TOKENIZER = Path.of("../sample/tokenizer");

  private static final String CONFIG =
      """
      {"architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "hidden_act": "silu",
       "hidden_size": 64, "intermediate_size": 80, "num_hidden_layers": 2,
       "num_attention_heads": 4, "num_key_value_heads": 2, "rms_norm_eps": 1e-6,
       "rope_theta": 10000.0, "max_position_embeddings": 512, "vocab_size": 3072,
       "initializer_range": 0.2, "tie_word_embeddings": %s, "torch_dtype": "float32",
       "bos_token_id": null, "eos_token_id": null, "sliding_window": null}
      """;

  private TinyModel() {}

  /** Whether the output head is the embedding. */
  public enum Head {
    TIED,
    OWN
  }

  /** Writes the model folder. */
  public static void write(Path folder, Head head) throws IOException {
    Files.createDirectories(folder);
    for (String file : List.of("tokenizer.json", "tokenizer_config.json")) {
      Files.copy(TOKENIZER.resolve(file), folder.resolve(file));
    }
    Files.writeString(folder.resolve("config.json"), CONFIG.formatted(head == Head.TIED));
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU)) {
      runtime.prepareThread(1);
      ModelFolder source = ModelFolder.open(folder);
      try (TrainedModel model = open(runtime, source, Optional.empty(), true);
          MergedWeights weights = new MergedWeights(runtime, model)) {
        Path written = Files.createTempDirectory("tiny-model");
        new ModelExport(new LocalFileStore())
            .write(written.toString(), source, weights, ModelExport.StorageType.FLOAT32);
        Files.move(written.resolve("model.safetensors"), folder.resolve("model.safetensors"));
        new LocalFileStore().delete(written.toString());
      }
    }
  }

  /** Writes an adapter whose two matrices are random, so that it changes the model a lot. */
  public static void writeAdapter(Path model, Path folder) throws IOException {
    AdapterMethod method =
        AdapterRegistry.create(
            TrainingConfig.of(
                    "adapter.peft_type=LORA",
                    "adapter.r=4",
                    "adapter.lora_alpha=8",
                    "adapter.target_modules=[q_proj, down_proj]")
                .adapter());
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU)) {
      runtime.prepareThread(1);
      try (TrainedModel trained =
          open(runtime, ModelFolder.open(model), Optional.of(method), false)) {
        for (ParameterSpec spec : trained.parameters().specs()) {
          CounterRandom random = CounterRandom.of(3, spec.name());
          float[] values = new float[Math.toIntExact(spec.elementCount())];
          for (int i = 0; i < values.length; i++) {
            values[i] = (float) (random.gaussian(i) * 0.3);
          }
          try (Tensor value = runtime.floats(values, spec.shape().toArray())) {
            trained.tensors().copy(trained.parameters().value(spec.name()), value);
          }
        }
        new AdapterExport(new LocalFileStore())
            .write(folder.toString(), method, trained, model.toString());
      }
    }
  }

  private static TrainedModel open(
      TensorRuntime runtime, ModelFolder folder, Optional<AdapterMethod> method, boolean scratch) {
    return TrainedModel.open(
        runtime,
        new TrainedModel.Assembly(
            folder,
            scratch ? TrainedModel.BaseWeights.FROM_SCRATCH : TrainedModel.BaseWeights.PRETRAINED,
            method,
            Optional.empty(),
            7,
            true,
            LayerStorage.KEEP),
        1,
        1 << 20);
  }
}
