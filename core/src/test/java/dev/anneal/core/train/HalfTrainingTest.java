package dev.anneal.core.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.anneal.core.io.LocalFileStore;
import dev.anneal.core.run.StepMetrics;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Training in 16 bits beside the same in fp32, on a model with biases and tied embeddings. */
class HalfTrainingTest {
  /** What rounding to the nearest bf16 changes at most, as a share. */
  private static final double BF16 = 0x1p-9;

  @TempDir Path folder;

  private List<StepMetrics> train(String name, String method, String... settings) throws Exception {
    List<String> all = new ArrayList<>(List.of("train.max_steps=20"));
    for (String setting : method.split(" ")) {
      boolean whole = setting.startsWith("model.") || setting.startsWith("train.");
      all.add(whole ? setting : "adapter." + setting);
    }
    all.addAll(List.of(settings));
    return SmallRun.of(
            new LocalFileStore(),
            "curve-full-tied",
            folder.resolve(name),
            all.toArray(new String[0]))
        .train();
  }

  /** fp16 rounds eight times as finely as bf16, and needs its loss scaled. */
  @ParameterizedTest
  @ValueSource(strings = {"peft_type=NONE", "peft_type=LORA r=4 lora_dropout=0.1"})
  void fp16FollowsFp32(String method) throws Exception {
    List<StepMetrics> full = train("full", method);
    for (String type : List.of("model.dtype=float16", "train.fp16=true")) {
      List<StepMetrics> half = train(type, method, type);
      for (int i = 0; i < full.size(); i++) {
        double loss = full.get(i).loss();
        double norm = full.get(i).gradNorm();
        assertThat(half.get(i).loss()).isCloseTo(loss, within(8 * BF16 / 8 * loss));
        assertThat(half.get(i).gradNorm()).isCloseTo(norm, within(64 * BF16 / 8 * norm));
      }
    }
  }

  /** A scale that is far too large is halved, a step left out each time, until gradients fit. */
  @Test
  void stepsThatOverflowAreLeftOut() throws Exception {
    String method = "peft_type=LORA r=4";
    train("run", method, "train.fp16=true", "train.max_steps=3", "train.save_steps=1");
    Path manifest = folder.resolve("run/checkpoints/step-000003/manifest.json");
    String saved = Files.readString(manifest);
    assertThat(saved).contains("\"value\": 65536.0", "\"steady_steps\": 3");
    Files.writeString(manifest, saved.replace("\"value\": 65536.0", "\"value\": " + 0x1p28));
    List<StepMetrics> rest =
        train("run", method, "train.fp16=true", "train.resume_from_checkpoint=true");

    List<Boolean> skips = rest.stream().map(step -> Double.isNaN(step.gradNorm())).toList();
    int skipped = Collections.frequency(skips, true);
    int steady = skips.size() - 1 - skips.lastIndexOf(true);
    assertThat(skips.get(0)).isTrue();
    assertThat(skipped).isLessThan(skips.size());
    Path last = folder.resolve("run/checkpoints/step-000020/manifest.json");
    assertThat(Files.readString(last))
        .contains(
            "\"value\": " + 0x1p28 / (1 << skipped),
            "\"steady_steps\": " + steady,
            "\"skipped_steps\": " + skipped);
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
    "peft_type=LORA r=4 use_dora=true train.max_steps=6, 2, 16",
    "peft_type=LORA r=4 init_lora_weights=olora train.max_steps=6, 16, 128",
    "peft_type=LORA r=4 trainable_token_indices=[3;17;40] train.max_steps=6, 2, 16",
    "peft_type=LORA r=4 model.frozen_storage=nf4 train.max_steps=6, 2, 16",
    "peft_type=OFT oft_block_size=4 train.max_steps=6, 2, 16",
    "peft_type=IA3 train.max_steps=6, 2, 16",
    "peft_type=PREFIX_TUNING num_virtual_tokens=4 train.max_steps=6, 4, 16",
    "peft_type=PROMPT_TUNING num_virtual_tokens=4 train.max_steps=6, 4, 16",
  })
  void bf16FollowsFp32(String method, double losses, double norms) throws Exception {
    String settings = method.replace(";", ",");
    List<StepMetrics> full = train("full", settings);
    for (String type : List.of("model.dtype=bfloat16", "train.bf16=true")) {
      List<StepMetrics> half = train(type, settings, type);
      assertThat(half).hasSameSizeAs(full);
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
