package dev.anneal.core.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.anneal.core.assembly.TrainedModel;
import dev.anneal.core.collective.Collective;
import dev.anneal.core.collective.local.LocalGroup;
import dev.anneal.core.config.TrainConfig.LrSchedulerType;
import dev.anneal.core.data.BatchPlan;
import dev.anneal.core.data.EpochOrder;
import dev.anneal.core.data.TokenRow;
import dev.anneal.core.format.SafetensorsReader;
import dev.anneal.core.model.LayerStorage;
import dev.anneal.core.model.weights.ParameterSpec;
import dev.anneal.core.optim.AdamW;
import dev.anneal.core.optim.LearningRateSchedule;
import dev.anneal.core.optim.OptimizerProgram;
import dev.anneal.core.peft.AdapterFolder;
import dev.anneal.core.run.StepMetrics;
import dev.anneal.core.script.TensorProgram;
import dev.anneal.core.tensor.Device;
import dev.anneal.core.tensor.TensorRuntime;
import dev.anneal.core.zero.ShardedOptimizer;
import dev.anneal.core.zero.ZeroStage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Twenty steps of HF Trainer: ragged rows, accumulation, warmup, decay, clipping. */
class CurveParityTest {
  private record Outcome(List<StepMetrics> steps, Map<String, float[]> weights) {}

  @ParameterizedTest
  @CsvSource({
    "curve-full,1,REPLICATED,2",
    "curve-full,2,SHARDED,1",
    "curve-full,2,REPLICATED,1",
    "curve-full-tied,1,SHARDED,2",
    "curve-lora,1,SHARDED,2",
    "curve-lora,2,SHARDED,1"
  })
  void repeatsTheTrainersLossesAndWeights(
      String curve, int worldSize, ZeroStage stage, int accumulation) throws Exception {
    JsonNode facts = Parity.json(curve + "/curve.json");
    Outcome outcome = train(curve, facts, worldSize, stage, accumulation).get(0);
    JsonNode steps = facts.get("steps");
    for (int i = 0; i < steps.size(); i++) {
      StepMetrics own = outcome.steps().get(i);
      double loss = steps.get(i).get("loss").asDouble();
      assertThat(own.loss()).as("loss of step %d", i + 1).isCloseTo(loss, within(1e-5 * loss));
      double norm = steps.get(i).get("grad_norm").asDouble();
      assertThat(own.gradNorm()).as("norm of step %d", i + 1).isCloseTo(norm, within(1e-4 * norm));
      double rate = steps.get(i).get("learning_rate").asDouble();
      assertThat(own.learningRate()).isCloseTo(rate, within(1e-12));
    }
    requireWeights(curve, outcome);
  }

  @ParameterizedTest
  @CsvSource({"curve-full,2", "curve-full,3", "curve-lora,2"})
  void bothStagesGiveTheSameBits(String curve, int worldSize) throws Exception {
    JsonNode facts = Parity.json(curve + "/curve.json");
    List<Outcome> replicated = train(curve, facts, worldSize, ZeroStage.REPLICATED, 1);
    List<Outcome> sharded = train(curve, facts, worldSize, ZeroStage.SHARDED, 1);
    for (int rank = 0; rank < worldSize; rank++) {
      for (int i = 0; i < replicated.get(0).steps().size(); i++) {
        StepMetrics a = replicated.get(rank).steps().get(i);
        StepMetrics b = sharded.get(rank).steps().get(i);
        assertThat(b.loss()).isEqualTo(a.loss());
        assertThat(b.gradNorm()).isEqualTo(a.gradNorm());
      }
      int r = rank;
      replicated
          .get(0)
          .weights()
          .forEach(
              (name, values) -> assertThat(sharded.get(r).weights().get(name)).isEqualTo(values));
    }
  }

  private static void requireWeights(String curve, Outcome outcome) throws IOException {
    try (SafetensorsReader expected =
        SafetensorsReader.openFile(Parity.folder(curve).resolve("trained.safetensors"))) {
      assertThat(outcome.weights())
          .containsKeys(expected.tensors().keySet().toArray(new String[0]));
      for (String name : expected.tensors().keySet()) {
        float[] theirs = Parity.floats(expected, name);
        float[] own = outcome.weights().get(name);
        for (int i = 0; i < own.length; i++) {
          assertThat(own[i]).isCloseTo(theirs[i], within(1e-5f + 1e-4f * Math.abs(theirs[i])));
        }
      }
    }
  }

  private static List<Outcome> train(
      String curve, JsonNode facts, int worldSize, ZeroStage stage, int accumulation)
      throws InterruptedException, ExecutionException {
    LocalGroup group = LocalGroup.of(worldSize);
    ExecutorService pool = Executors.newFixedThreadPool(worldSize);
    try {
      List<Future<Outcome>> ranks = new ArrayList<>();
      for (Collective member : group.members()) {
        ranks.add(pool.submit(() -> rank(curve, facts, member, stage, accumulation)));
      }
      List<Outcome> outcomes = new ArrayList<>();
      for (Future<Outcome> rank : ranks) {
        outcomes.add(rank.get());
      }
      return outcomes;
    } finally {
      pool.shutdownNow();
    }
  }

  private static Outcome rank(
      String curve, JsonNode facts, Collective ranks, ZeroStage stage, int accumulation) {
    JsonNode settings = facts.get("settings");
    String base = facts.get("model").asText();
    boolean lora = curve.equals("curve-lora");
    TrainedModel.Assembly assembly =
        lora
            ? Parity.assembly(
                base,
                Optional.of(Parity.lora()),
                Optional.of(AdapterFolder.open(Parity.folder(curve).resolve("adapter"))),
                LayerStorage.KEEP)
            : Parity.full(base, LayerStorage.KEEP);
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU)) {
      runtime.prepareThread(1);
      try (TrainedModel model = TrainedModel.open(runtime, assembly, ranks.worldSize(), 700);
          OptimizerProgram program = OptimizerProgram.open(runtime, new AdamW.Method());
          TensorProgram tensors = TensorProgram.open(runtime);
          ShardedOptimizer optimizer =
              optimizer(runtime, model, program, tensors, settings, stage, ranks)) {
        List<StepMetrics> steps = new ArrayList<>();
        LearningRateSchedule schedule =
            new LearningRateSchedule(
                LrSchedulerType.COSINE,
                settings.get("learning_rate").asDouble(),
                settings.get("warmup_steps").asLong(),
                settings.get("max_steps").asLong());
        List<TokenRow> rows = Parity.rows(facts.get("rows"));
        int batch = 4 / (accumulation * ranks.worldSize());
        BatchPlan plan =
            new BatchPlan(
                EpochOrder.asStored(rows.size()),
                batch == 0 ? 1 : batch,
                accumulation,
                ranks.worldSize());
        new TrainingLoop(
                new LoopSettings(
                    settings.get("max_steps").asLong(),
                    accumulation,
                    settings.get("max_grad_norm").asDouble()),
                new RowMicroBatches(new SmallRun.ListRows(rows), plan, ranks.rank(), 42),
                ReplicatedModel.of(runtime, model, 1),
                optimizer,
                schedule,
                ranks,
                steps::add,
                List.of())
            .run(TrainState.START);
        Map<String, float[]> weights = new LinkedHashMap<>();
        for (ParameterSpec spec : model.parameters().specs()) {
          String name = lora ? Parity.lora().exportName(spec) : spec.name();
          weights.put(name, model.parameters().value(spec.name()).toFloats());
        }
        return new Outcome(steps, weights);
      }
    }
  }

  private static ShardedOptimizer optimizer(
      TensorRuntime runtime,
      TrainedModel model,
      OptimizerProgram program,
      TensorProgram tensors,
      JsonNode settings,
      ZeroStage stage,
      Collective ranks) {
    AdamW.Settings constants =
        new AdamW.Settings(
            settings.get("adam_beta1").asDouble(),
            settings.get("adam_beta2").asDouble(),
            settings.get("adam_epsilon").asDouble(),
            settings.get("weight_decay").asDouble());
    long state = ShardedOptimizer.stateLength(model.plan(), stage);
    return new ShardedOptimizer(
        model.plan(),
        stage,
        model.parameters(),
        tensors,
        program,
        new AdamW(runtime, program, tensors, constants, state),
        ranks);
  }
}
