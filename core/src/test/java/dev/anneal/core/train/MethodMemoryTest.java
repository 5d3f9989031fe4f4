package dev.anneal.core.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.anneal.core.assembly.TrainedModel;
import dev.anneal.core.config.ModelConfig.FrozenStorage;
import dev.anneal.core.config.ModelConfig.LayerBackward;
import dev.anneal.core.config.TrainingConfig;
import dev.anneal.core.data.TokenRow;
import dev.anneal.core.format.DType;
import dev.anneal.core.model.LayerStorage;
import dev.anneal.core.model.weights.DecoderLayout;
import dev.anneal.core.model.weights.ModelFolder;
import dev.anneal.core.model.weights.SafetensorsWeights;
import dev.anneal.core.peft.AdapterMethod;
import dev.anneal.core.peft.AdapterRegistry;
import dev.anneal.core.tensor.Device;
import dev.anneal.core.tensor.FreeMemory;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What methods hold beside what they train: by hand, and by the system's count. */
class MethodMemoryTest {
  /** What a process grows by meanwhile: classes, compiled code. */
  private static final long ELSEWHERE = 4L << 20;

  private static final String MEASURED = "MEASURED";
  private static final List<String> VERA = List.of("adapter.peft_type=VERA", "adapter.r=1024");
  private static final List<String> OLORA =
      List.of("adapter.peft_type=LORA", "adapter.r=128", "adapter.init_lora_weights=olora");

  @TempDir Path folder;

  private static Optional<AdapterMethod> method(ModelFolder model, TrainingConfig config) {
    return AdapterRegistry.choose(config.adapter(), Optional.empty(), model.config());
  }

  private static TrainingConfig config(ModelFolder model, List<String> settings) {
    List<String> all = new ArrayList<>(settings);
    all.add("model.path=" + model.path());
    all.add("distributed.threads_per_rank=1");
    return TrainingConfig.of(all.toArray(String[]::new));
  }

  private static MemoryEstimate estimate(ModelFolder model, List<String> settings) {
    TrainingConfig config = config(model, settings);
    TokenRow row = new TokenRow(new int[] {1}, new int[] {1}, new int[] {1});
    SmallRun.ListRows rows = new SmallRun.ListRows(List.of(row));
    return MemoryPlan.of(TrainingSetup.of(config), model, method(model, config), rows, 1)
        .estimate();
  }

  @Test
  void whatBeginsWithPartsOfWeightsKeepsThem() throws Exception {
    ModelFolder model = ZeroFolder.qwen(folder.resolve("model"), 2);
    long columns = 2 * (2 * (896 + 896) + 2 * (896 + 128) + 3 * (896 + 4864));
    MemoryEstimate olora = estimate(model, OLORA);
    assertThat(olora.buffers()).isEqualTo(4 * 128 * columns);
    assertThat(estimate(model, OLORA.subList(0, 2)).buffers()).isZero();
    assertThat(estimate(model, List.of()).buffers()).isZero();
    assertThat(estimate(model, VERA).buffers()).isEqualTo(4L * 1024 * (4864 + 4864));
  }

  @Test
  void virtualTokensCountWithTheirGradients() throws Exception {
    ModelFolder model = ZeroFolder.qwen(folder.resolve("model"), 2);
    List<String> tokens = List.of("adapter.num_virtual_tokens=10");
    assertThat(estimate(model, with("PROMPT_TUNING", tokens)).buffers())
        .isEqualTo(2L * 4 * 10 * 896);
    assertThat(estimate(model, with("PREFIX_TUNING", tokens)).buffers())
        .isEqualTo(5L * 4 * 10 * 2 * 2 * 128);
  }

  private static List<String> with(String type, List<String> settings) {
    List<String> all = new ArrayList<>(settings);
    all.add("adapter.peft_type=" + type);
    return all;
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void whatIsCopiedMapsNoFile() throws Exception {
    String name = "model.layers.0.self_attn.o_proj.weight";
    for (DType type : List.of(DType.F32, DType.BF16)) {
      Path path = HalfFolder.write(folder.resolve(type.name()), "llama", tensor -> type);
      ModelFolder model = ModelFolder.open(path);
      long[] shape = new DecoderLayout(model.config()).weights().get(name).toArray();
      try (TensorRuntime runtime = TensorRuntime.open(Device.CPU);
          SafetensorsWeights weights = new SafetensorsWeights(runtime, model.openWeights());
          Tensor copy = weights.openCopy(runtime, name, shape);
          Tensor rounded = weights.openRounded(name, shape)) {
        assertThat(mappings(path)).isZero();
        try (Tensor mapped = weights.open(name, shape)) {
          assertThat(mappings(path)).isPositive();
          assertThat(copy.toFloats()).isEqualTo(mapped.toFloats()).isEqualTo(rounded.toFloats());
        }
      }
    }
  }

  private static long mappings(Path model) throws IOException {
    String path = model.toRealPath().toString();
    return Files.readAllLines(Path.of("/proc/self/maps")).stream()
        .filter(line -> line.contains(path))
        .count();
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aRankHoldsWhatIsPlanned() throws Exception {
    for (List<String> settings : List.of(VERA, OLORA)) {
      ModelFolder model = ZeroFolder.qwen(folder.resolve(settings.toString()), 4);
      List<String> arguments = new ArrayList<>(settings);
      arguments.add(0, model.path().toString());
      String measured =
          OtherProcess.run(
              Opening.class,
              // a heap that is there from the start: what grows is native
              List.of("-Xms128m", "-Xmx128m", "-XX:MaxDirectMemorySize=1g", "-XX:+AlwaysPreTouch"),
              folder.resolve("opening.log"),
              MEASURED,
              arguments.toArray(String[]::new));
      long held = Long.parseLong(measured.split(" ")[1]);
      long own = own(estimate(model, settings)) - own(estimate(model, narrow(settings)));
      assertThat(own)
          .as(settings + ", held " + held)
          .isBetween(held * 9 / 10 - ELSEWHERE, held * 11 / 10 + ELSEWHERE);
    }
  }

  private static long own(MemoryEstimate estimate) {
    return estimate.trained() + estimate.buffers() + estimate.gradients();
  }

  /** The same of rank 1: what opening leaves behind, whatever the method holds. */
  private static List<String> narrow(List<String> settings) {
    return settings.stream().map(word -> word.replaceAll("r=\\d+$", "r=1")).toList();
  }

  /** Opens the base under a narrow adapter and then under the one to measure. */
  static final class Opening {
    private static final int COLLECTIONS = 8;
    private static final long BETWEEN = Duration.ofMillis(50).toNanos();

    private Opening() {}

    public static void main(String[] arguments) throws IOException {
      ModelFolder model = ModelFolder.open(Path.of(arguments[0]));
      List<String> settings = List.of(arguments).subList(1, arguments.length);
      try (TensorRuntime runtime = TensorRuntime.open(Device.CPU)) {
        runtime.prepareThread(1);
        long bare = held(runtime, model, narrow(settings));
        System.out.println(MEASURED + " " + (held(runtime, model, settings) - bare));
      }
    }

    private static long held(TensorRuntime runtime, ModelFolder model, List<String> settings)
        throws IOException {
      Optional<AdapterMethod> method = method(model, config(model, settings));
      TrainedModel.Assembly assembly =
          new TrainedModel.Assembly(
              model,
              TrainedModel.BaseWeights.PRETRAINED,
              method,
              Optional.empty(),
              42,
              true,
              LayerStorage.KEEP,
              LayerBackward.AUTO,
              FrozenStorage.FILE);
      try (TrainedModel opened = TrainedModel.open(runtime, assembly, 1, 1000)) {
        // buffers that values came by go a while after they are collected
        long least = Long.MAX_VALUE;
        for (int i = 0; i < COLLECTIONS; i++) {
          System.gc();
          LockSupport.parkNanos(BETWEEN);
          FreeMemory.giveBack();
          least = Math.min(least, anonymous());
        }
        return least;
      }
    }

    /** Mapped weight files do not count. */
    private static long anonymous() throws IOException {
      return Files.readAllLines(Path.of("/proc/self/status")).stream()
          .filter(line -> line.startsWith("RssAnon:"))
          .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("\\D", "")))
          .findFirst()
          .orElseThrow();
    }
  }
}
