package dev.anneal.core.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.anneal.core.io.LocalFileStore;
import dev.anneal.core.run.StepMetrics;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whole runs of every method: on two ranks with sharded states, and resumed. */
class MethodsTrainingTest {
  /** Of a model with biases and tied embeddings. */
  private static final String CURVE = "curve-full-tied";

  @TempDir Path folder;

  /** Settings, separated by blanks, without the section {@code adapter} where there is none. */
  static Stream<String> methods() {
    return Stream.of(
        "peft_type=LORA r=4",
        "peft_type=LORA r=4 train.neftune_noise_alpha=5",
        "peft_type=LORA r=4 use_dora=true lora_dropout=0.1",
        "peft_type=LORA r=4 init_lora_weights=pissa loraplus_lr_ratio=4",
        "peft_type=LORA r=4 init_lora_weights=pissa_niter_2 use_dora=true",
        "peft_type=LORA r=4 init_lora_weights=olora use_rslora=true",
        "peft_type=LORA r=4 bias=all modules_to_save=[lm_head,input_layernorm]",
        "peft_type=LORA r=4 target_modules=[lm_head,embed_tokens,v_proj] lora_dropout=0.1",
        "peft_type=LORA r=4 target_modules=[embed_tokens] loraplus_lr_ratio=4",
        "peft_type=LORA r=4 target_modules=[lm_head,q_proj] lora_bias=true bias=all",
        "peft_type=LORA r=4 trainable_token_indices=[3,17,40]",
        "peft_type=ADALORA init_r=4 target_r=2 tinit=1 tfinal=1 total_step=6 lora_dropout=0.1",
        "peft_type=VERA r=8 vera_dropout=0.1",
        "peft_type=OFT oft_block_size=4",
        "peft_type=OFT oft_block_size=4 use_cayley_neumann=false",
        "peft_type=IA3 modules_to_save=[embed_tokens]",
        "peft_type=DIFF_PRUNING sparsity_penalty=1e-4",
        "peft_type=DIFF_PRUNING structured=true sparsity_penalty=1e-4 alpha_init=0.2 keep_fraction=0.3",
        "peft_type=BITFIT",
        "peft_type=FREEZE freeze_trainable_layers=1 freeze_extra_modules=[model.norm]",
        "peft_type=BOTTLENECK placement=houlsby bottleneck_size=4",
        "peft_type=BOTTLENECK placement=parallel non_linearity=silu train.neftune_noise_alpha=5",
        "peft_type=PROMPT_TUNING num_virtual_tokens=4",
        "peft_type=PROMPT_TUNING num_virtual_tokens=4 prompt_tuning_init=sample-vocab",
        "peft_type=P_TUNING num_virtual_tokens=4",
        "peft_type=P_TUNING num_virtual_tokens=4 encoder_reparameterization_type=LSTM",
        "peft_type=PREFIX_TUNING num_virtual_tokens=4",
        "peft_type=PREFIX_TUNING num_virtual_tokens=4 prefix_projection=true");
  }

  private List<StepMetrics> train(String name, String method, String... settings) throws Exception {
    List<String> all = new ArrayList<>();
    for (String setting : method.split(" ")) {
      all.add(setting.startsWith("train.") ? setting : "adapter." + setting);
    }
    all.addAll(List.of(settings));
    return SmallRun.of(
            new LocalFileStore(), CURVE, folder.resolve(name), all.toArray(String[]::new))
        .train();
  }

  @ParameterizedTest
  @MethodSource("methods")
  void twoRanksWithShardedStatesTrainAsOne(String method) throws Exception {
    List<StepMetrics> one = train("one", method, "train.per_device_train_batch_size=4");
    List<StepMetrics> two =
        train(
            "two",
            method,
            "distributed.world_size=2",
            "distributed.zero_stage=2",
            "train.per_device_train_batch_size=1",
            "train.gradient_accumulation_steps=2");
    assertThat(one).hasSize(6);
    for (int i = 0; i < one.size(); i++) {
      double loss = one.get(i).loss();
      assertThat(two.get(i).loss()).as("step %d", i + 1).isCloseTo(loss, within(1e-5 * loss));
      double norm = one.get(i).gradNorm();
      assertThat(norm).isPositive();
      assertThat(two.get(i).gradNorm()).as("step %d", i + 1).isCloseTo(norm, within(1e-4 * norm));
    }
  }

  /** From what checkpoints hold, more than exports in some methods. */
  @ParameterizedTest
  @MethodSource("methods")
  void aResumedRunRepeatsTheBitsOfAWholeOne(String method) throws Exception {
    String schedule = "train.lr_scheduler_type=constant";
    List<StepMetrics> whole = train("whole", method, schedule);
    train("cut", method, schedule, "train.max_steps=4");
    List<StepMetrics> rest = train("cut", method, schedule, "train.resume_from_checkpoint=true");

    assertThat(rest).hasSize(2);
    for (int i = 0; i < 2; i++) {
      assertThat(rest.get(i).loss()).isEqualTo(whole.get(4 + i).loss());
      assertThat(rest.get(i).gradNorm()).isEqualTo(whole.get(4 + i).gradNorm());
    }
    assertThat(exported("cut")).isEqualTo(exported("whole"));
  }

  private byte[] exported(String run) throws Exception {
    Path adapter = folder.resolve(run).resolve("adapter/adapter_model.safetensors");
    Path model = folder.resolve(run).resolve("model/model.safetensors");
    return Files.readAllBytes(Files.exists(adapter) ? adapter : model);
  }
}
