package dev.anneal.core.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.anneal.core.assembly.TrainedModel;
import dev.anneal.core.config.ModelConfig.FrozenStorage;
import dev.anneal.core.config.ModelConfig.LayerBackward;
import dev.anneal.core.data.TokenRow;
import dev.anneal.core.model.LayerStorage;
import dev.anneal.core.model.MicroBatch;
import dev.anneal.core.model.weights.ModelFolder;
import dev.anneal.core.run.ProcessMemory;
import dev.anneal.core.tensor.Device;
import dev.anneal.core.tensor.FreeMemory;
import dev.anneal.core.tensor.TensorRuntime;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Scoring a model whose base is trained records no graph, which would keep all logits. */
class EvaluationMemoryTest {
  private static final int VOCABULARY = 40_000;
  private static final int TOKENS = 3000;
  private static final Path PEAK_RESET = Path.of("/proc/self/clear_refs");

  @TempDir Path folder;

  private TrainedModel fullTuning(TensorRuntime runtime, LayerBackward backward) throws Exception {
    String json =
        """
        {"model_type": "llama", "vocab_size": %d, "hidden_size": 16, "intermediate_size": 32,
         "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1,
         "max_position_embeddings": 4096, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
         "hidden_act": "silu", "tie_word_embeddings": false}
        """
            .formatted(VOCABULARY);
    Files.writeString(folder.resolve("config.json"), json);
    TrainedModel.Assembly assembly =
        new TrainedModel.Assembly(
            ModelFolder.open(folder),
            TrainedModel.BaseWeights.FROM_SCRATCH,
            Optional.empty(),
            Optional.empty(),
            42,
            true,
            LayerStorage.KEEP,
            backward,
            FrozenStorage.FLOAT32);
    return TrainedModel.open(runtime, assembly, 1, 1 << 20);
  }

  private static MicroBatch batch(int tokens) {
    int[] ids = new int[tokens];
    for (int i = 0; i < tokens; i++) {
      ids[i] = i % VOCABULARY;
    }
    return MicroBatch.of(List.of(new TokenRow(ids, ids, new int[] {tokens})), 0);
  }

  @ParameterizedTest
  @EnumSource(LayerBackward.class)
  @EnabledOnOs(OS.LINUX)
  void scoringHoldsSomeOfTheLogitsAtATime(LayerBackward backward) throws Exception {
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU)) {
      runtime.prepareThread(1);
      try (TrainedModel model = fullTuning(runtime, backward)) {
        MicroBatch batch = batch(TOKENS);
        long open = runtime.liveTensors();
        model.model().score(batch(300));
        FreeMemory.giveBack();
        Files.writeString(PEAK_RESET, "5");
        long before = ProcessMemory.now().residentBytes();

        model.model().score(batch);

        long grown = ProcessMemory.now().peakBytes() - before;
        long allLogits = (long) TOKENS * VOCABULARY * Float.BYTES;
        assertThat(grown).isLessThan(allLogits / 2);
        assertThat(runtime.liveTensors()).isEqualTo(open);
      }
    }
  }
}
