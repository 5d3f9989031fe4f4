package dev.anneal.core.peft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.anneal.core.collective.Collective;
import dev.anneal.core.collective.local.LocalGroup;
import dev.anneal.core.model.FlatParameters;
import dev.anneal.core.model.weights.DecoderLayout;
import dev.anneal.core.model.weights.LinearSite;
import dev.anneal.core.model.weights.ParameterSpec;
import dev.anneal.core.optim.AdamW;
import dev.anneal.core.optim.Optimizer;
import dev.anneal.core.optim.OptimizerProgram;
import dev.anneal.core.script.TensorProgram;
import dev.anneal.core.tensor.Device;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import dev.anneal.core.zero.PartitionPlan;
import dev.anneal.core.zero.ShardedOptimizer;
import dev.anneal.core.zero.ZeroStage;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The budget and the penalty, as interop/fixtures/record_adalora.py prints them of PEFT. */
class AdaLoraRuleTest {
  private static final DecoderLayout LAYOUT = new DecoderLayout(AdaptedModel.MODEL.config());
  private static final double PENALTY = 1.9773827;
  private static final double PENALTY_GRADIENT = 0.3407342;
  private static final List<String> KEPT =
      List.of(
          "11111111111111111111111111111111111111111111111111111111",
          "11111111111111111111111111111111111111111111111111111111",
          "11011001111101101111111110110111011111011111111101101101",
          "11011001111101101111111110110111011111011111111101101101",
          "11001001101100101100110110110110011011011011001001100101",
          "11001001101100101100110110110110011011011011001001100101",
          "11001001101100100100110110110010011011011001001001100101",
          "11001001101100100100110110110010011011011001001001100101",
          "11001001101100100100110110110010011011011001001001100101");

  private static AdapterMethod method() {
    return Methods.of(
        "ADALORA",
        "init_r=4",
        "target_r=2",
        "tinit=1",
        "tfinal=2",
        "deltaT=2",
        "total_step=9",
        "lora_alpha=8");
  }

  /** Nothing but what the rule does. */
  private static final class NoUpdate implements Optimizer {
    @Override
    public void step(List<Run> runs, double learningRate, long step) {}

    @Override
    public List<State> states() {
      return List.of();
    }

    @Override
    public void close() {}
  }

  @ParameterizedTest
  @CsvSource({"1, REPLICATED", "2, REPLICATED", "2, SHARDED", "3, SHARDED"})
  void keepsWhatPeftKeeps(int worldSize, ZeroStage stage) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(worldSize);
    try {
      List<Future<List<String>>> ranks = new ArrayList<>();
      for (Collective member : LocalGroup.of(worldSize).members()) {
        ranks.add(threads.submit(() -> run(member, stage)));
      }
      for (Future<List<String>> rank : ranks) {
        assertThat(rank.get()).isEqualTo(KEPT);
      }
    } finally {
      threads.shutdownNow();
    }
  }

  private static List<String> run(Collective ranks, ZeroStage stage) {
    AdapterMethod method = method();
    List<ParameterSpec> specs =
        LAYOUT.sites().stream().flatMap(site -> method.parameters(site).stream()).toList();
    PartitionPlan plan = new PartitionPlan(specs, ranks.worldSize(), 700);
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU)) {
      runtime.prepareThread(1);
      try (TensorProgram tensors = TensorProgram.open(runtime);
          OptimizerProgram program = OptimizerProgram.open(runtime, new AdamW.Method());
          FlatParameters flat =
              new FlatParameters(runtime, tensors, specs, plan::offset, plan.length());
          ShardedOptimizer optimizer =
              new ShardedOptimizer(
                  plan,
                  stage,
                  flat,
                  tensors,
                  program,
                  new NoUpdate(),
                  ShardedOptimizer.Rule.open(
                      runtime,
                      method.stepRule(runtime, LAYOUT),
                      ShardedOptimizer.stateLength(plan, stage)),
                  ranks)) {
        fill(runtime, tensors, method, flat, true, i -> 0.3 * Math.sin(i));
        requirePenalty(optimizer, flat, ranks.worldSize());
        List<String> kept = new ArrayList<>();
        for (int step = 0; step < KEPT.size(); step++) {
          int factor = step + 1;
          fill(runtime, tensors, method, flat, false, i -> Math.cos(i * factor));
          optimizer.step(0, step + 1);
          kept.add(kept(method, flat));
        }
        return kept;
      }
    }
  }

  private static void requirePenalty(
      ShardedOptimizer optimizer, FlatParameters flat, int worldSize) {
    assertThat(optimizer.regularise(10)).isCloseTo(PENALTY, within(1e-6));
    double squares = 0;
    for (float value : flat.gradients().toFloats()) {
      squares += value * value;
    }
    if (worldSize == 1) {
      assertThat(Math.sqrt(squares) / 10).isCloseTo(PENALTY_GRADIENT, within(1e-6));
    }
  }

  /** Element i of the tensors of module j becomes f(i + 1 + 7 j). */
  private static void fill(
      TensorRuntime runtime,
      TensorProgram tensors,
      AdapterMethod method,
      FlatParameters flat,
      boolean values,
      DoubleUnaryOperator f) {
    int module = 0;
    for (LinearSite site : LAYOUT.sites()) {
      for (ParameterSpec spec : method.parameters(site)) {
        float[] filled = new float[Math.toIntExact(spec.elementCount())];
        for (int i = 0; i < filled.length; i++) {
          filled[i] = (float) f.applyAsDouble(i + 1.0 + 7 * module);
        }
        try (Tensor tensor = runtime.floats(filled, spec.shape().toArray())) {
          tensors.copy(values ? flat.value(spec.name()) : flat.gradient(spec.name()), tensor);
        }
      }
      module++;
    }
  }

  private static String kept(AdapterMethod method, FlatParameters flat) {
    StringBuilder kept = new StringBuilder();
    for (LinearSite site : LAYOUT.sites()) {
      for (float value : flat.value(site.module() + AdaLora.E).toFloats()) {
        kept.append(value == 0 ? 0 : 1);
      }
    }
    return kept.toString();
  }
}
