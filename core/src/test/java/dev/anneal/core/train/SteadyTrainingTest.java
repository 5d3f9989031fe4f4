package dev.anneal.core.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.anneal.core.assembly.TrainedModel;
import dev.anneal.core.collective.Collective;
import dev.anneal.core.collective.local.LocalGroup;
import dev.anneal.core.config.TrainConfig.LrSchedulerType;
import dev.anneal.core.data.BatchPlan;
import dev.anneal.core.data.EpochOrder;
import dev.anneal.core.data.TokenRow;
import dev.anneal.core.io.LocalFileStore;
import dev.anneal.core.model.LayerStorage;
import dev.anneal.core.optim.AdamW;
import dev.anneal.core.optim.LearningRateSchedule;
import dev.anneal.core.optim.OptimizerProgram;
import dev.anneal.core.peft.AdapterMethod;
import dev.anneal.core.peft.Methods;
import dev.anneal.core.run.StepMetrics;
import dev.anneal.core.script.TensorProgram;
import dev.anneal.core.tensor.Device;
import dev.anneal.core.tensor.TensorRuntime;
import dev.anneal.core.zero.ShardedOptimizer;
import dev.anneal.core.zero.ZeroStage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What must not change while a run gets older: native handles, and the bits of a step. */
class SteadyTrainingTest {
  private static final int STEPS = 100;

  @TempDir Path folder;

  /** The main class of another process: two steps, each printed as the bits of loss and norm. */
  static final class FreshProcess {
    private FreshProcess() {}

    public static void main(String[] arguments) throws Exception {
      System.out.println("BITS " + bits(twoSteps(Path.of(arguments[0]))));
    }
  }

  private static List<StepMetrics> twoSteps(Path output) throws Exception {
    return SmallRun.of(
            new LocalFileStore(),
            "curve-lora",
            output,
            "adapter.peft_type=LORA",
            "adapter.lora_dropout=0.1",
            "train.learning_rate=0.01",
            "train.warmup_steps=0",
            "train.save_steps=0",
            "train.max_steps=2")
        .train();
  }

  private static String bits(List<StepMetrics> steps) {
    StringBuilder bits = new StringBuilder();
    for (StepMetrics step : steps) {
      bits.append(Long.toHexString(Double.doubleToRawLongBits(step.loss()))).append('/');
      bits.append(Long.toHexString(Double.doubleToRawLongBits(step.gradNorm()))).append(' ');
    }
    return bits.toString().strip();
  }

  @Test
  void aFreshProcessRepeatsTheBitsOfAWarmOne() throws Exception {
    String cold = bits(twoSteps(folder.resolve("cold")));
    for (int i = 0; i < 5; i++) {
      String warm = bits(twoSteps(folder.resolve("warm " + i)));
      assertThat(warm).as("round %d", i).isEqualTo(cold);
    }
    String other =
        OtherProcess.run(
            FreshProcess.class,
            List.of(),
            folder.resolve("other process.log"),
            "BITS ",
            folder.resolve("other process").toString());
    assertThat(other).isEqualTo("BITS " + cold);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, Integer.MAX_VALUE})
  void liveNativeHandlesStayConstantOver100Steps(int recomputed) throws Exception {
    LayerStorage storage = new LayerStorage(recomputed);
    AdapterMethod lora = Methods.lora("r=4", "lora_alpha=8", "lora_dropout=0.1");
    requireConstant(Parity.assembly("qwen3", Optional.of(lora), Optional.empty(), storage));
    requireConstant(Parity.full("qwen3", storage));
  }

  private static void requireConstant(TrainedModel.Assembly assembly) throws Exception {
    Collective alone = LocalGroup.of(1).member(0);
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU)) {
      runtime.prepareThread(1);
      try (TrainedModel model = TrainedModel.open(runtime, assembly, 1, 1000);
          OptimizerProgram program = OptimizerProgram.open(runtime, new AdamW.Method());
          TensorProgram tensors = TensorProgram.open(runtime);
          ShardedOptimizer optimizer = optimizer(runtime, model, program, tensors, alone)) {
        List<Long> handles = new ArrayList<>();
        try (ReplicatedModel replicas = ReplicatedModel.of(runtime, model, 1)) {
          loop(replicas, optimizer, alone, runtime, handles).run(TrainState.START);
        }
        assertThat(handles).hasSize(STEPS);
        assertThat(new HashSet<>(handles)).as("handles after each step").hasSize(1);
      }
      assertThat(runtime.liveTensors()).as("handles after the run").isZero();
    }
  }

  private static TrainingLoop loop(
      ReplicatedModel model,
      ShardedOptimizer optimizer,
      Collective alone,
      TensorRuntime runtime,
      List<Long> handles)
      throws Exception {
    List<TokenRow> rows = Parity.rows(Parity.json("curve-full/curve.json").get("rows"));
    BatchPlan plan = new BatchPlan(EpochOrder.shuffled(rows.size(), 1), 2, 1, 1);
    return new TrainingLoop(
        new LoopSettings(STEPS, 1, 1.0),
        new RowMicroBatches(new SmallRun.ListRows(rows), plan, 0, 1),
        model,
        optimizer,
        new LearningRateSchedule(LrSchedulerType.CONSTANT, 1e-4, 0, STEPS),
        alone,
        step -> handles.add(runtime.liveTensors() + model.liveTensors()),
        List.of());
  }

  private static ShardedOptimizer optimizer(
      TensorRuntime runtime,
      TrainedModel model,
      OptimizerProgram program,
      TensorProgram tensors,
      Collective alone) {
    long state = ShardedOptimizer.stateLength(model.plan(), ZeroStage.SHARDED);
    AdamW.Settings constants = new AdamW.Settings(0.9, 0.999, 1e-8, 0);
    return new ShardedOptimizer(
        model.plan(),
        ZeroStage.SHARDED,
        model.parameters(),
        tensors,
        program,
        new AdamW(runtime, program, tensors, constants, state),
        alone);
  }
}
