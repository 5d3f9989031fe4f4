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

/** Whole runs with virtual tokens, and with the networks that make them. */
class VirtualTokensTrainingTest {
  @TempDir Path folder;

  static Stream<List<String>> methods() {
    return Stream.of(
        List.of("adapter.peft_type=PROMPT_TUNING"),
        List.of("adapter.peft_type=PROMPT_TUNING", "adapter.prompt_tuning_init=sample-vocab"),
        List.of("adapter.peft_type=P_TUNING"),
        List.of("adapter.peft_type=P_TUNING", "adapter.encoder_reparameterization_type=LSTM"),
        List.of("adapter.peft_type=PREFIX_TUNING"),
        List.of("adapter.peft_type=PREFIX_TUNING", "adapter.prefix_projection=true"));
  }

  private List<StepMetrics> train(String name, List<String> method, String... settings)
      throws Exception {
    List<String> all = new ArrayList<>(method);
    all.add("adapter.num_virtual_tokens=4");
    all.addAll(List.of(settings));
    return SmallRun.of(
            new LocalFileStore(), "curve-lora", folder.resolve(name), all.toArray(String[]::new))
        .train();
  }

  @ParameterizedTest
  @MethodSource("methods")
  void twoRanksWithShardedStatesTrainAsOne(List<String> method) throws Exception {
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

  /** The export holds the vectors alone; the checkpoint what makes them. */
  @ParameterizedTest
  @MethodSource("methods")
  void aResumedRunRepeatsTheBitsOfAWholeOne(List<String> method) throws Exception {
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
    return Files.readAllBytes(folder.resolve(run).resolve("adapter/adapter_model.safetensors"));
  }
}
