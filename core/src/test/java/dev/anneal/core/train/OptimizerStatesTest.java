package dev.anneal.core.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.anneal.core.assembly.TrainedModel;
import dev.anneal.core.checkpoint.Checkpoint;
import dev.anneal.core.checkpoint.CheckpointManifest;
import dev.anneal.core.checkpoint.CheckpointReader;
import dev.anneal.core.checkpoint.CheckpointStore;
import dev.anneal.core.checkpoint.RankCheckpointWriter;
import dev.anneal.core.checkpoint.RankFile;
import dev.anneal.core.checkpoint.StateKind;
import dev.anneal.core.collective.Collective;
import dev.anneal.core.collective.local.LocalGroup;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.TrainingConfig;
import dev.anneal.core.format.Shape;
import dev.anneal.core.io.LocalFileStore;
import dev.anneal.core.model.LayerStorage;
import dev.anneal.core.optim.Optimizer;
import dev.anneal.core.optim.OptimizerMethod;
import dev.anneal.core.optim.OptimizerProgram;
import dev.anneal.core.optim.OptimizerRegistry;
import dev.anneal.core.run.EvalMetrics;
import dev.anneal.core.run.StepMetrics;
import dev.anneal.core.script.TensorProgram;
import dev.anneal.core.tensor.Device;
import dev.anneal.core.tensor.TensorRuntime;
import dev.anneal.core.zero.ShardedOptimizer;
import dev.anneal.core.zero.ZeroStage;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** An optimizer whose states have other names and another number is trained, saved, resumed. */
class OptimizerStatesTest {
  private static final LocalFileStore DISK = new LocalFileStore();
  private static final String OTHER = "RUNNING_SUMS";
  private static final String MODEL = "llama";

  @TempDir Path folder;

  private List<StepMetrics> train(String name, String... settings) throws Exception {
    List<String> all =
        new ArrayList<>(
            List.of(
                "optimizer.name=running_sums",
                "distributed.world_size=2",
                "distributed.zero_stage=2",
                "train.per_device_train_batch_size=1"));
    all.addAll(List.of(settings));
    return SmallRun.of(DISK, "curve-lora", folder.resolve(name), all.toArray(String[]::new))
        .train();
  }

  private Checkpoint checkpoint(String name, long step) throws IOException {
    String checkpoints = folder.resolve(name).resolve("checkpoints").toString();
    return new CheckpointStore(DISK, checkpoints, warning -> {}).open(step);
  }

  /** Every value of every kind and parameter. */
  private static Map<String, float[]> values(Checkpoint checkpoint) throws IOException {
    Map<String, float[]> values = new TreeMap<>();
    try (CheckpointReader reader = new CheckpointReader(DISK, checkpoint)) {
      CheckpointManifest manifest = checkpoint.manifest();
      for (StateKind kind : manifest.files().get(0).kinds()) {
        for (Map.Entry<String, Shape> parameter : manifest.parameters().entrySet()) {
          float[] found = new float[(int) parameter.getValue().elements()];
          reader.read(kind, parameter.getKey(), 0, FloatBuffer.wrap(found));
          values.put(kind + " of " + parameter.getKey(), found);
        }
      }
    }
    return values;
  }

  private static void assertSame(Checkpoint actual, Checkpoint expected) throws IOException {
    Map<String, float[]> wanted = values(expected);
    Map<String, float[]> found = values(actual);
    assertThat(found.keySet()).isEqualTo(wanted.keySet());
    wanted.forEach((name, floats) -> assertThat(found.get(name)).as(name).isEqualTo(floats));
  }

  @Test
  void aResumedRunRepeatsTheBitsOfAWholeOne() throws Exception {
    String schedule = "train.lr_scheduler_type=constant";
    List<StepMetrics> whole = train("whole", schedule);
    train("cut", schedule, "train.max_steps=4");

    List<StepMetrics> resumed = train("cut", schedule, "train.resume_from_checkpoint=auto");

    assertThat(resumed).hasSize(2);
    for (int i = 0; i < 2; i++) {
      assertThat(resumed.get(i).loss()).isEqualTo(whole.get(4 + i).loss());
    }
    Checkpoint last = checkpoint("cut", 6);
    assertSame(last, checkpoint("whole", 6));
    assertThat(last.manifest().files().get(0).kinds())
        .extracting(StateKind::tensorName)
        .containsExactly("parameters", "updates", "sum_of_g", "sum_of_g2");
    values(last)
        .forEach(
            (name, floats) -> {
              if (name.startsWith("updates ")) {
                assertThat(floats).as(name).containsOnly(6f);
              }
            });
  }

  /**
   * The checkpoint of step 2 that two ranks wrote before gradients travelled during the backward,
   * and what they found in steps 3 and 4.
   */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2})
  void anOlderCheckpointGoesOn(int stage) throws Exception {
    Path older = Parity.folder("older-checkpoint");
    Path target = folder.resolve("older/checkpoints/step-000002");
    Files.createDirectories(target);
    try (Stream<Path> files = Files.list(older)) {
      for (Path file : files.toList()) {
        Files.copy(file, target.resolve(file.getFileName()));
      }
    }
    List<StepMetrics> rest =
        train(
            "older",
            "optimizer.name=adamw",
            "adapter.peft_type=LORA",
            "adapter.r=2",
            "adapter.target_modules=[q_proj,down_proj]",
            "train.lr_scheduler_type=constant",
            "train.max_steps=4",
            "distributed.zero_stage=" + stage,
            "train.resume_from_checkpoint=true");
    double[] losses = {5.675977905591329, 5.135588669776917};
    double[] norms = {3.0334063687560944, 2.8286670858992387};
    assertThat(rest).hasSize(2);
    for (int i = 0; i < 2; i++) {
      assertThat(rest.get(i).loss()).isCloseTo(losses[i], within(1e-5 * losses[i]));
      assertThat(rest.get(i).gradNorm()).isCloseTo(norms[i], within(1e-4 * norms[i]));
    }
  }

  @Test
  void stage2SaysWhatItDoesNotFree() throws Exception {
    String settings = "train.max_steps=1 distributed.world_size=2 train.save_steps=0";
    List<String> all = new ArrayList<>(List.of(settings.split(" ")));
    all.addAll(
        List.of(
            "adapter.peft_type=LORA",
            "train.per_device_train_batch_size=1",
            "train.gradient_accumulation_steps=2",
            ""));
    List<List<String>> notes = new ArrayList<>();
    for (int stage = 1; stage <= 2; stage++) {
      all.set(all.size() - 1, "distributed.zero_stage=" + stage);
      SmallRun run =
          SmallRun.of(
              DISK, "curve-lora", folder.resolve("stage " + stage), all.toArray(String[]::new));
      run.train();
      notes.add(run.notes());
    }
    assertThat(notes.get(0)).noneMatch(note -> note.contains("zero_stage"));
    assertThat(notes.get(1))
        .contains(
            "distributed.zero_stage=2 frees gradients in the last of"
                + " train.gradient_accumulation_steps=2 micro-batches; before it every rank holds"
                + " all of them, as at stage 1");
  }

  @Test
  void aRunGoesOnAtAnotherStage() throws Exception {
    String full = "adapter.peft_type=NONE";
    String schedule = "train.lr_scheduler_type=constant";
    List<StepMetrics> whole = train("whole", full, schedule, "distributed.zero_stage=0");
    List<StepMetrics> parts = new ArrayList<>();
    for (int stage = 0; stage <= 2; stage++) {
      parts.addAll(
          train(
              "changing",
              full,
              schedule,
              "distributed.zero_stage=" + stage,
              "train.max_steps=" + 2 * (stage + 1),
              "train.resume_from_checkpoint=auto"));
    }
    assertThat(parts).hasSize(6);
    for (int i = 0; i < 6; i++) {
      double loss = whole.get(i).loss();
      assertThat(parts.get(i).loss()).as("step %d", i + 1).isCloseTo(loss, within(1e-5 * loss));
      double norm = whole.get(i).gradNorm();
      assertThat(parts.get(i).gradNorm()).as("step %d", i + 1).isCloseTo(norm, within(1e-4 * norm));
    }
  }

  @ParameterizedTest
  @CsvSource({"1,SHARDED", "3,SHARDED", "4,SHARDED_GRADIENTS", "3,REPLICATED"})
  void anotherWorldSizeTakesOverEveryBit(int worldSize, ZeroStage stage) throws Exception {
    String full = "adapter.peft_type=NONE";
    train("two ranks", full, "train.max_steps=2");
    Checkpoint saved = checkpoint("two ranks", 2);
    CheckpointStore store = new CheckpointStore(DISK, folder + "/again", warning -> {});
    ExecutorService pool = Executors.newFixedThreadPool(worldSize);
    try {
      List<Future<Object>> ranks = new ArrayList<>();
      for (Collective rank : LocalGroup.of(worldSize).members()) {
        ranks.add(pool.submit(() -> saveAgain(rank, stage, saved, store)));
      }
      for (Future<Object> rank : ranks) {
        rank.get();
      }
    } finally {
      pool.shutdownNow();
    }
    assertThat(store.open(2).manifest().files()).hasSize(worldSize);
    assertSame(store.open(2), saved);
  }

  /** Restores a checkpoint and writes it as the ranks of this world size do. */
  private Object saveAgain(
      Collective ranks, ZeroStage stage, Checkpoint saved, CheckpointStore store)
      throws IOException {
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU)) {
      runtime.prepareThread(1);
      OptimizerMethod method = OptimizerRegistry.named(OTHER);
      try (TrainedModel model =
              TrainedModel.open(
                  runtime,
                  Parity.full(MODEL, LayerStorage.KEEP),
                  new TrainedModel.Layout(
                      ranks.worldSize(), 700, stage.freesGradients(ranks.worldSize())));
          TensorProgram tensors = TensorProgram.open(runtime);
          OptimizerProgram program = OptimizerProgram.open(runtime, method);
          ShardedOptimizer optimizer = optimizer(runtime, model, tensors, program, stage, ranks);
          CheckpointReader reader = new CheckpointReader(DISK, saved)) {
        RankCheckpoints checkpoints =
            new RankCheckpoints(
                ranks,
                model,
                optimizer,
                new RankCheckpointWriter(DISK, folder + "/again"),
                new Committing(
                    files ->
                        store.commit(
                            new CheckpointManifest(
                                saved.manifest().position(),
                                ranks.worldSize(),
                                "again",
                                saved.manifest().parameters(),
                                Map.of(),
                                files))),
                new RankCheckpoints.Schedule(0, "again"));
        checkpoints.restore(reader);
        checkpoints.after(new TrainState(2, 0, 0), true);
        return true;
      }
    }
  }

  private static ShardedOptimizer optimizer(
      TensorRuntime runtime,
      TrainedModel model,
      TensorProgram tensors,
      OptimizerProgram program,
      ZeroStage stage,
      Collective ranks) {
    long length = ShardedOptimizer.stateLength(model.plan(), stage);
    Optimizer opened =
        OptimizerRegistry.named(OTHER)
            .open(
                new OptimizerMethod.Parts(
                    runtime, program, tensors, TrainingConfig.of().optimizer(), 0, length));
    return new ShardedOptimizer(
        model.plan(), stage, model.parameters(), tensors, program, opened, ranks);
  }

  @Test
  void itsStatesCountInTheMemoryOfARank() {
    TrainingConfig config = TrainingConfig.of("optimizer.name=" + OTHER);
    TrainingSetup setup = TrainingSetup.of(config);
    MemoryEstimate estimate =
        new RankMemory(setup, Parity.full(MODEL, LayerStorage.KEEP).folder(), Optional.empty(), 1)
            .estimate(10, 0);
    assertThat(estimate.moments()).isEqualTo(3 * estimate.trained());
  }

  @Test
  void aCheckpointOfOtherStatesIsRefused() throws Exception {
    train("adamw", "optimizer.name=adamw", "train.max_steps=2");
    assertThatThrownBy(
            () -> train("adamw", "train.max_steps=4", "train.resume_from_checkpoint=auto"))
        .rootCause()
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            "Cannot resume from a checkpoint of step 2: it holds [parameters, first_moment,"
                + " second_moment], this run's optimizer.name keeps [parameters, updates,"
                + " sum_of_g, sum_of_g2]");
  }

  @Test
  void anUnknownNameIsRefusedWithThoseThereAre() {
    TrainingSetup setup = TrainingSetup.of(TrainingConfig.of("optimizer.name=lion"));
    assertThatThrownBy(() -> setup.requireSupported(Optional.empty()))
        .isInstanceOf(ConfigException.class)
        .hasMessage("Unsupported optimizer.name: LION (supported: ADAMW, RUNNING_SUMS)");
  }

  @Test
  void everyOptimizerKeepsTheStatesThatItNames() {
    for (OptimizerMethod method : OptimizerRegistry.methods()) {
      try (TensorRuntime runtime = TensorRuntime.open(Device.CPU);
          TensorProgram tensors = TensorProgram.open(runtime);
          OptimizerProgram program = OptimizerProgram.open(runtime, method);
          Optimizer opened =
              method.open(
                  new OptimizerMethod.Parts(
                      runtime, program, tensors, TrainingConfig.of().optimizer(), 0, 5))) {
        assertThat(opened.states())
            .extracting(Optimizer.State::name)
            .isEqualTo(method.states())
            .allSatisfy(name -> assertThat(new StateKind(name)).isNotEqualTo(StateKind.PARAMETERS));
        assertThat(opened.states())
            .allSatisfy(s -> assertThat(s.values().shape()).containsExactly(5));
      }
    }
  }

  /** The store, which may fail. */
  private interface Store {
    void commit(List<RankFile> files) throws IOException;
  }

  /** Makes checkpoints of what ranks wrote and hears nothing else. */
  private record Committing(Store store) implements RankObserver {
    @Override
    public void commit(TrainState state, List<RankFile> files) throws IOException {
      store.commit(files);
    }

    @Override
    public void onStep(StepMetrics metrics) {}

    @Override
    public void phase(long step, String name) {}

    @Override
    public void progress() {}

    @Override
    public void note(String text) {}

    @Override
    public void onEvaluation(EvalMetrics metrics) {}
  }
}
