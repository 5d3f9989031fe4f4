package dev.anneal.core.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.assembly.TrainedModel;
import dev.anneal.core.assembly.TrainedParameters;
import dev.anneal.core.collective.Collective;
import dev.anneal.core.collective.CollectiveException;
import dev.anneal.core.collective.GroupFailure;
import dev.anneal.core.collective.local.LocalGroup;
import dev.anneal.core.collective.tcp.TcpCollective;
import dev.anneal.core.collective.tcp.TcpEndpoint;
import dev.anneal.core.collective.tcp.TcpTimeouts;
import dev.anneal.core.data.TokenRow;
import dev.anneal.core.model.InputNoise;
import dev.anneal.core.model.LayerStorage;
import dev.anneal.core.model.MicroBatch;
import dev.anneal.core.model.gradients.GradientBuffers;
import dev.anneal.core.model.gradients.GradientPass;
import dev.anneal.core.model.gradients.GradientSink;
import dev.anneal.core.model.gradients.GradientWalk;
import dev.anneal.core.model.weights.ParameterSpec;
import dev.anneal.core.net.GroupIdentity;
import dev.anneal.core.optim.AdamW;
import dev.anneal.core.optim.OptimizerProgram;
import dev.anneal.core.peft.AdapterMethod;
import dev.anneal.core.peft.Methods;
import dev.anneal.core.script.TensorProgram;
import dev.anneal.core.tensor.Device;
import dev.anneal.core.tensor.FreeMemoryBound;
import dev.anneal.core.tensor.HostMemory;
import dev.anneal.core.tensor.TensorRuntime;
import dev.anneal.core.zero.LiveGradients;
import dev.anneal.core.zero.PartitionPlan;
import dev.anneal.core.zero.ShardedOptimizer;
import dev.anneal.core.zero.ZeroStage;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Sums of gradients at every ZeRO stage, over threads and over TCP, against those of stage 0. */
@Timeout(120)
class GradientReductionTest {
  private static final int BUCKET = 700;
  private static final int RANKS = 2;

  private final ExecutorService pool = Executors.newCachedThreadPool();

  @AfterEach
  void stop() {
    pool.shutdownNow();
  }

  /** What one rank does with its own model and optimizer. */
  private interface Rank<T> {
    T run(Opened opened) throws Exception;
  }

  private record Opened(
      Collective ranks, TrainedModel model, ReplicatedModel replicas, ShardedOptimizer optimizer) {

    /** One step's gradients, summed over all ranks. */
    void gradients(List<MicroBatch> batches) {
      model.parameters().zeroGradients();
      for (int i = 0; i < batches.size(); i++) {
        boolean last = i == batches.size() - 1;
        replicas.forwardBackward(
            batches.get(i), optimizer.sink(model.model().gradientWalk(), last));
      }
      optimizer.reduceGradients();
    }

    /** What this rank holds of the sums, by parameter and first element. */
    Map<String, float[]> owned(ZeroStage stage) {
      Map<String, float[]> found = new TreeMap<>();
      for (int rank = 0; rank < RANKS; rank++) {
        if (stage == ZeroStage.REPLICATED || rank == ranks.rank()) {
          for (PartitionPlan.Slice slice : model.plan().slices(rank)) {
            found.put(
                slice.parameter() + " " + slice.parameterOffset(),
                HostMemory.floats(buffers().region(slice.flatOffset(), slice.length())));
          }
        }
      }
      return found;
    }

    GradientBuffers buffers() {
      return model.parameters().gradientBuffers();
    }
  }

  private static TrainedModel.Assembly assembly(String name) {
    String[] words = name.split(" ");
    LayerStorage storage = words.length > 2 ? LayerStorage.RECOMPUTE : LayerStorage.KEEP;
    return words[1].equals("full")
        ? Parity.full(words[0], storage)
        : Parity.assembly(words[0], Optional.of(method(words[1])), Optional.empty(), storage);
  }

  private static AdapterMethod method(String name) {
    return switch (name) {
      case "lora" -> Methods.lora("r=4", "lora_alpha=8", "modules_to_save=[lm_head,embed_tokens]");
      case "virtual" -> Methods.of("P_TUNING", "num_virtual_tokens=4");
      default -> Methods.of("BOTTLENECK", "placement=houlsby", "bottleneck_size=3");
    };
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "llama full",
        "qwen2 full",
        "llama lora",
        "qwen2 ends",
        "llama virtual",
        "llama blocks"
      })
  void thePlanKnowsTheWalkOfTheModel(String name) throws Exception {
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU)) {
      runtime.prepareThread(1);
      TrainedModel.Assembly assembly =
          name.endsWith("ends")
              ? Parity.assembly(
                  "qwen2",
                  Optional.of(Methods.lora("r=2", "target_modules=[embed_tokens,q_proj]")),
                  Optional.empty(),
                  LayerStorage.KEEP)
              : assembly(name);
      try (TrainedModel model = TrainedModel.open(runtime, assembly, 1, BUCKET)) {
        List<List<String>> walked = model.model().gradientWalk().parts();
        GradientWalk counted = TrainedParameters.walk(model.config(), model.parameters().specs());
        assertThat(counted.parts()).hasSameSizeAs(walked);
        for (int part = 0; part < walked.size(); part++) {
          assertThat(counted.parts().get(part))
              .as("part %d", part)
              .containsExactlyInAnyOrderElementsOf(walked.get(part));
        }
        assertThat(model.model().gradientWalk().lastParts().keySet())
            .isEqualTo(
                model.parameters().specs().stream()
                    .map(ParameterSpec::name)
                    .collect(Collectors.toSet()));
      }
    }
  }

  private <T> List<T> onRanks(
      List<Collective> group, String model, ZeroStage stage, int parts, Rank<T> work)
      throws Exception {
    List<Callable<T>> calls = new ArrayList<>();
    for (Collective ranks : group) {
      calls.add(() -> onRank(ranks, model, stage, parts, work));
    }
    List<T> results = new ArrayList<>();
    for (Future<T> future : pool.invokeAll(calls)) {
      results.add(future.get());
    }
    return results;
  }

  private static <T> T onRank(
      Collective ranks, String name, ZeroStage stage, int parts, Rank<T> work) throws Exception {
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU)) {
      runtime.prepareThread(parts);
      TrainedModel.Layout layout =
          new TrainedModel.Layout(RANKS, BUCKET, stage.freesGradients(RANKS));
      T result;
      try (TrainedModel model = TrainedModel.open(runtime, assembly(name), layout);
          OptimizerProgram program = OptimizerProgram.open(runtime, new AdamW.Method());
          TensorProgram tensors = TensorProgram.open(runtime);
          ReplicatedModel replicas = new ReplicatedModel(runtime, model, parts, parts);
          ShardedOptimizer optimizer =
              new ShardedOptimizer(
                  model.plan(),
                  stage,
                  model.parameters(),
                  tensors,
                  program,
                  new AdamW(
                      runtime,
                      program,
                      tensors,
                      new AdamW.Settings(0.9, 0.999, 1e-8, 0.1),
                      ShardedOptimizer.stateLength(model.plan(), stage)),
                  ranks)) {
        result = work.run(new Opened(ranks, model, replicas, optimizer));
      }
      assertThat(runtime.liveTensors()).as("handles after the run").isZero();
      return result;
    }
  }

  private List<Collective> group(boolean tcp) throws Exception {
    if (!tcp) {
      return LocalGroup.of(RANKS).members();
    }
    List<TcpEndpoint> endpoints =
        IntStream.range(0, RANKS).mapToObj(rank -> TcpEndpoint.listen("127.0.0.1", 0, 0)).toList();
    List<String> addresses = endpoints.stream().map(TcpEndpoint::address).toList();
    List<Callable<Collective>> joins = new ArrayList<>();
    for (int i = 0; i < RANKS; i++) {
      int rank = i;
      joins.add(
          () ->
              TcpCollective.join(
                  endpoints.get(rank),
                  addresses,
                  rank,
                  new GroupIdentity("run", 0, "secret of the test"),
                  new TcpTimeouts(Duration.ofSeconds(20), Duration.ofSeconds(30))));
    }
    List<Collective> group = new ArrayList<>();
    for (Future<Collective> joined : pool.invokeAll(joins)) {
      group.add(joined.get());
    }
    return group;
  }

  /** Micro-batches of a rank; other ranks get other rows. */
  private static List<MicroBatch> batches(int rank, int count) throws IOException {
    List<TokenRow> rows = Parity.rows(Parity.json("curve-full/curve.json").get("rows"));
    List<MicroBatch> batches = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int at = (2 * (i * RANKS + rank)) % (rows.size() - 1);
      batches.add(MicroBatch.of(rows.subList(at, at + 2), at));
    }
    return batches;
  }

  private static MicroBatch withoutTargets(MicroBatch batch) {
    return new MicroBatch(
        batch.tokenIds(),
        batch.positionIds(),
        batch.sequenceLengths(),
        new long[0],
        new long[0],
        batch.sampleKeys());
  }

  @ParameterizedTest
  @CsvSource({
    "llama full, 1, 1, false", // an untied head
    "qwen2 full, 1, 1, true", // tied: the head's gradient and the embedding's are one
    "qwen2 full recomputed, 2, 1, true",
    "llama lora, 2, 1, false", // saved modules lie first, their gradients come first and last
    "llama lora, 1, 2, false", // two threads a rank
    "llama virtual, 2, 1, true",
    "llama blocks, 1, 1, false" // bottlenecks lie behind all sites
  })
  void stagesHaveTheSameBitsBeforeClipping(String model, int accumulation, int parts, boolean tcp)
      throws Exception {
    List<Map<String, float[]>> expected =
        sums(LocalGroup.of(RANKS).members(), model, ZeroStage.REPLICATED, accumulation, parts);
    assertThat(expected.get(0).keySet()).isEqualTo(expected.get(1).keySet());
    for (ZeroStage stage : List.of(ZeroStage.SHARDED, ZeroStage.SHARDED_GRADIENTS)) {
      List<Collective> group = group(tcp);
      List<Map<String, float[]>> found = sums(group, model, stage, accumulation, parts);
      group.forEach(Collective::close);
      Map<String, float[]> all = new TreeMap<>(found.get(0));
      all.putAll(found.get(1));
      assertThat(all.keySet()).isEqualTo(expected.get(0).keySet());
      all.forEach(
          (name, floats) -> {
            assertThat(floats).as("%s at %s", name, stage).isEqualTo(expected.get(0).get(name));
            assertThat(floats).as("%s at %s", name, stage).isEqualTo(expected.get(1).get(name));
          });
    }
  }

  /** Twice in a row, so that a second step begins anew. */
  private List<Map<String, float[]>> sums(
      List<Collective> group, String model, ZeroStage stage, int accumulation, int parts)
      throws Exception {
    return onRanks(
        group,
        model,
        stage,
        parts,
        opened -> {
          List<MicroBatch> own = batches(opened.ranks().rank(), accumulation);
          opened.gradients(own);
          Map<String, float[]> first = opened.owned(stage);
          opened.gradients(own);
          opened
              .owned(stage)
              .forEach((name, floats) -> assertThat(floats).isEqualTo(first.get(name)));
          assertThat(first.values().stream().anyMatch(GradientReductionTest::moves)).isTrue();
          return first;
        });
  }

  private static boolean moves(float[] gradient) {
    for (float value : gradient) {
      if (value != 0) {
        return true;
      }
    }
    return false;
  }

  @ParameterizedTest
  @CsvSource({"REPLICATED", "SHARDED", "SHARDED_GRADIENTS"})
  void aRankWithoutTargetsTakesPartWithZeros(ZeroStage stage) throws Exception {
    List<Map<String, float[]>> found =
        onRanks(
            group(true),
            "qwen2 full",
            stage,
            1,
            opened -> {
              MicroBatch rows = batches(0, 1).get(0);
              boolean first = opened.ranks().rank() == 0;
              opened.gradients(List.of(first ? rows : withoutTargets(rows)));
              return opened.owned(stage);
            });
    Map<String, float[]> alone =
        onRanks(
                LocalGroup.of(RANKS).members(),
                "qwen2 full",
                ZeroStage.REPLICATED,
                1,
                opened -> {
                  opened.model().parameters().zeroGradients();
                  opened.replicas().forwardBackward(batches(0, 1).get(0));
                  return opened.owned(ZeroStage.REPLICATED);
                })
            .get(0);
    found.forEach(
        own ->
            own.forEach((name, floats) -> assertThat(floats).as(name).isEqualTo(alone.get(name))));
  }

  @Test
  void aStepWithoutAnyTargetEndsOnEveryRank() throws Exception {
    onRanks(
        group(true),
        "llama full",
        ZeroStage.SHARDED_GRADIENTS,
        1,
        opened -> {
          opened.gradients(List.of(withoutTargets(batches(0, 1).get(0))));
          opened
              .owned(ZeroStage.SHARDED_GRADIENTS)
              .values()
              .forEach(floats -> assertThat(floats).containsOnly(0));
          return true;
        });
  }

  /** Live bytes of the buffers, against what all gradients take, and what the plan counts. */
  @ParameterizedTest
  @CsvSource({"llama full", "qwen2 full"})
  void stage2HoldsWhatTheBackwardHasReached(String model) throws Exception {
    onRanks(
        LocalGroup.of(RANKS).members(),
        model,
        ZeroStage.SHARDED_GRADIENTS,
        1,
        opened -> {
          PartitionPlan plan = opened.model().plan();
          GradientWalk walk = opened.model().model().gradientWalk();
          LiveGradients counted = new LiveGradients(plan, walk);
          GradientSink sink = opened.optimizer().sink(walk, true);
          List<Long> before = new ArrayList<>();
          List<Long> within = new ArrayList<>();
          opened.model().parameters().zeroGradients();
          opened
              .model()
              .model()
              .forwardBackward(
                  batches(opened.ranks().rank(), 1).get(0),
                  InputNoise.NONE,
                  new GradientPass(
                      1,
                      new FreeMemoryBound(),
                      new GradientSink() {
                        @Override
                        public void begin(int part) {
                          before.add(opened.buffers().bytes());
                          sink.begin(part);
                          within.add(opened.buffers().bytes());
                        }

                        @Override
                        public void end(int part) {
                          sink.end(part);
                        }
                      }));
          assertThat(before.get(0)).as("before the head, all activations there").isZero();
          for (int part = 0; part < within.size(); part++) {
            long bytes = 4 * counted.during(part);
            assertThat(within.get(part))
                .as("part %d", part)
                .isPositive()
                .isLessThanOrEqualTo(bytes);
          }
          opened.optimizer().reduceGradients();
          long all = 4 * plan.length();
          assertThat(opened.buffers().bytes()).as("summed").isEqualTo(all / RANKS);
          long most = IntStream.range(0, within.size()).mapToLong(counted::during).max().orElse(0);
          assertThat(opened.buffers().mostBytes()).isBetween(all / RANKS, 4 * most);
          assertThat(within.get(0) + all / RANKS)
              .as("at the head, with the shard that is no longer kept")
              .isLessThanOrEqualTo(all);
          opened.optimizer().normaliseAndClip(10, 1);
          opened.optimizer().step(1e-3, 1);
          assertThat(opened.buffers().bytes()).as("after the update").isZero();
          return true;
        });
  }

  /** Earlier micro-batches only add up: all gradients are there until the last one's backward. */
  @Test
  void severalMicroBatchesKeepTheirSumsUntilTheLast() throws Exception {
    onRanks(
        LocalGroup.of(RANKS).members(),
        "llama full",
        ZeroStage.SHARDED_GRADIENTS,
        1,
        opened -> {
          opened.gradients(batches(opened.ranks().rank(), 2));
          long all = 4 * opened.model().plan().length();
          assertThat(opened.buffers().mostBytes())
              .isBetween(all, all + all / opened.model().plan().buckets().size() * 2);
          assertThat(opened.buffers().bytes()).isEqualTo(all / RANKS);
          return true;
        });
  }

  @ParameterizedTest
  @CsvSource({"true", "false"})
  void aRankThatFailsBetweenBucketsEndsAllAndFreesItsMemory(boolean tcp) throws Exception {
    List<Collective> group = group(tcp);
    List<Future<Object>> ranks = new ArrayList<>();
    for (Collective member : group) {
      ranks.add(
          pool.submit(
              () ->
                  onRank(
                      member,
                      "llama full",
                      ZeroStage.SHARDED_GRADIENTS,
                      1,
                      opened -> failing(opened, member.rank() == 1))));
    }
    assertThatThrownBy(() -> ranks.get(1).get())
        .isInstanceOf(ExecutionException.class)
        .hasRootCauseInstanceOf(IllegalStateException.class)
        .hasRootCauseMessage("bad row 7");
    assertThatThrownBy(() -> ranks.get(0).get())
        .hasRootCauseInstanceOf(CollectiveException.class)
        .hasRootCauseMessage("rank 1 aborted: bad row 7")
        .satisfies(
            e ->
                assertThat(((CollectiveException) e.getCause()).failure())
                    .isEqualTo(GroupFailure.last("bad row 7").abortedBy(1)));
    group.forEach(Collective::close);
  }

  /** One rank fails when the first buckets are under way, which the other still awaits. */
  private static Object failing(Opened opened, boolean fails) throws IOException {
    MicroBatch batch = batches(opened.ranks().rank(), 1).get(0);
    var walk = opened.model().model().gradientWalk();
    var sink = opened.optimizer().sink(walk, true);
    try {
      opened.model().parameters().zeroGradients();
      if (fails) {
        for (int part = 0; part < 2; part++) {
          sink.begin(part);
          sink.end(part);
        }
        throw new IllegalStateException("bad row 7");
      }
      opened.replicas().forwardBackward(batch, sink);
      opened.optimizer().reduceGradients();
      return true;
    } catch (RuntimeException e) {
      opened.optimizer().abandon(e);
      throw e;
    }
  }
}
