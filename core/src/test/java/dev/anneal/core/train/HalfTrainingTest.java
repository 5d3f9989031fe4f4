package dev.anneal.core.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.anneal.core.io.LocalFileStore;
import dev.anneal.core.run.StepMetrics;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Training in 16 bits beside the same in fp32, on a model with biases and tied embeddings. */
class HalfTrainingTest {
  /** What rounding to the nearest bf16 changes at most, as a share. */
  private static final double BF16 = 0x1p-9;

  @TempDir Path folder;

  private List<StepMetrics> train(String name, String method, String... settings) throws Exception {
    List<String> all = new ArrayList<>(List.of("train.max_steps=20"));
    for (String setting : method.split(" ")) {
      all.add(setting.startsWith("model.") ? setting : "adapter." + setting);
    }
    all.addAll(List.of(settings));
    return SmallRun.of(
            new LocalFileStore(),
            "curve-full-tied",
            folder.resolve(name),
            all.toArray(new String[0]))
        .train();
  }

  /**
   * @param losses by how many roundings' share losses may differ: a rounding's errors add up over
   *     layers, and a method whose update is the difference of two products loses more
   * @param norms the same of gradients
   */
  @ParameterizedTest
  @CsvSource({
    "peft_type=NONE, 4, 32",
    "peft_type=NONE model.layer_backward=autograd, 4, 32",
    "peft_type=LORA r=4, 2, 16",
    "peft_type=LORA r=4 model.layer_backward=autograd, 2, 16",
    "peft_type=LORA r=4 lora_dropout=0.1, 8, 64",
    "peft_type=LORA r=4 use_dora=true, 2, 16",
    "peft_type=LORA r=4 init_lora_weights=olora, 16, 128",
    "peft_type=LORA r=4 trainable_token_indices=[3;17;40], 2, 16",
    "peft_type=LORA r=4 model.frozen_storage=nf4, 2, 16",
    "peft_type=OFT oft_block_size=4, 2, 16",
    "peft_type=IA3, 2, 16",
    "peft_type=PREFIX_TUNING num_virtual_tokens=4, 4, 16",
    "peft_type=PROMPT_TUNING num_virtual_tokens=4, 4, 16",
  })
  void bf16FollowsFp32(String method, double losses, double norms) throws Exception {
    String settings = method.replace(";", ",");
    List<StepMetrics> full = train("full", settings);
    for (String type : List.of("model.dtype=bfloat16", "train.bf16=true")) {
      List<StepMetrics> half = train(type, settings, type);
      assertThat(half).hasSize(20);
      double different = 0;
      for (int i = 0; i < full.size(); i++) {
        double loss = full.get(i).loss();
        double norm = full.get(i).gradNorm();
        String step = type + ", step " + (i + 1);
        assertThat(half.get(i).loss()).as(step).isCloseTo(loss, within(losses * BF16 * loss));
        assertThat(half.get(i).gradNorm()).as(step).isCloseTo(norm, within(norms * BF16 * norm));
        different += Math.abs(half.get(i).loss() - loss);
      }
      assertThat(different).as("computed in 16 bits at all").isPositive();
    }
  }
}
