package dev.anneal.core.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.anneal.core.assembly.TrainedModel;
import dev.anneal.core.config.ModelConfig.FrozenStorage;
import dev.anneal.core.config.ModelConfig.LayerBackward;
import dev.anneal.core.config.TrainingConfig;
import dev.anneal.core.data.TokenRow;
import dev.anneal.core.model.LayerStorage;
import dev.anneal.core.model.weights.DecoderLayout;
import dev.anneal.core.model.weights.ModelFolder;
import dev.anneal.core.peft.AdapterMethod;
import dev.anneal.core.peft.AdapterRegistry;
import dev.anneal.core.run.ProcessMemory;
import dev.anneal.core.tensor.Device;
import dev.anneal.core.tensor.FreeMemory;
import dev.anneal.core.tensor.TensorRuntime;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What a base in 4 bits holds, and what opening it takes, by the system's count. */
class FourBitMemoryTest {
  private static final Path PEAK_RESET = Path.of("/proc/self/clear_refs");

  @TempDir Path folder;

  private ModelFolder qwen(int layers) throws IOException {
    return ZeroFolder.qwen(folder.resolve("qwen " + layers), layers);
  }

  private static TrainedModel open(TensorRuntime runtime, ModelFolder model) {
    return TrainedModel.open(
        runtime,
        new TrainedModel.Assembly(
            model,
            TrainedModel.BaseWeights.PRETRAINED,
            Optional.empty(),
            Optional.empty(),
            42,
            false,
            LayerStorage.KEEP,
            LayerBackward.AUTO,
            FrozenStorage.NF4),
        1,
        1000);
  }

  private static long linearBytes(ModelFolder model) {
    return Float.BYTES
        * new DecoderLayout(model.config())
            .sites().stream().mapToLong(site -> site.inFeatures() * site.outFeatures()).sum();
  }

  private static MemoryEstimate estimate(ModelFolder model) {
    TrainingConfig config =
        TrainingConfig.of(
            "adapter.peft_type=LORA",
            "model.frozen_storage=nf4",
            "model.path=" + model.path(),
            "distributed.threads_per_rank=1");
    Optional<AdapterMethod> method =
        AdapterRegistry.choose(config.adapter(), Optional.empty(), model.config());
    TokenRow row = new TokenRow(new int[] {1}, new int[] {1}, new int[] {1});
    return MemoryPlan.of(
            TrainingSetup.of(config), model, method, new SmallRun.ListRows(List.of(row)), 1)
        .estimate();
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void opensInLittleMoreThanItHolds() throws Exception {
    ModelFolder model = qwen(24);
    long linear = linearBytes(model);
    assertThat(linear).isEqualTo(4L * 24 * (2 * 896 * 896 + 2 * 896 * 128 + 3 * 896 * 4864));
    String[] measured =
        OtherProcess.run(
                Opening.class,
                // a heap that is there from the start: what grows is native
                List.of("-Xms64m", "-Xmx64m", "-XX:+AlwaysPreTouch"),
                folder.resolve("opening.log"),
                Opening.MEASURED,
                qwen(1).path().toString(),
                model.path().toString())
            .split(" ");
    long held = Long.parseLong(measured[1]);
    long peak = Long.parseLong(measured[2]);
    assertThat(held).as("held").isBetween(linear / 10, linear / 4);
    assertThat(peak).as("while opening").isLessThan(held * 12 / 10);
    MemoryEstimate planned = estimate(model);
    assertThat(planned.frozen() + planned.scratch()).isBetween(held * 9 / 10, held * 11 / 10);
  }

  /** Opens a small model and then the one to measure, where no other test has left memory. */
  static final class Opening {
    private static final String MEASURED = "MEASURED";

    private Opening() {}

    public static void main(String[] arguments) throws IOException {
      try (TensorRuntime runtime = TensorRuntime.open(Device.CPU)) {
        runtime.prepareThread(1);
        open(runtime, ModelFolder.open(Path.of(arguments[0]))).close();
        FreeMemory.giveBack();
        Files.writeString(PEAK_RESET, "5");
        long before = ProcessMemory.now().residentBytes();
        try (TrainedModel opened = open(runtime, ModelFolder.open(Path.of(arguments[1])))) {
          ProcessMemory after = ProcessMemory.now();
          long held = after.residentBytes() - before;
          System.out.println(MEASURED + " " + held + " " + (after.peakBytes() - before));
        }
      }
    }
  }
}
