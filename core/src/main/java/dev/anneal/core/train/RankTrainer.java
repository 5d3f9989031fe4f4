package dev.anneal.core.train;

import dev.anneal.core.assembly.TrainedModel;
import dev.anneal.core.checkpoint.CheckpointReader;
import dev.anneal.core.checkpoint.RankCheckpointWriter;
import dev.anneal.core.checkpoint.ResumeCheck;
import dev.anneal.core.collective.Collective;
import dev.anneal.core.config.TrainConfig;
import dev.anneal.core.data.BatchPlan;
import dev.anneal.core.io.FileStore;
import dev.anneal.core.io.ProgressStore;
import dev.anneal.core.optim.LearningRateSchedule;
import dev.anneal.core.optim.LossScale;
import dev.anneal.core.run.RunFolder;
import dev.anneal.core.tensor.Device;
import dev.anneal.core.tensor.FloatType;
import dev.anneal.core.tensor.TensorRuntime;
import dev.anneal.core.zero.GradientReduction;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.LongStream;

/**
 * The whole story of one rank: opens model and optimizer, goes on from a checkpoint if there is
 * one, trains, and on rank 0 writes the adapter or model. Runs on the calling thread; needs no
 * Spark.
 */
public final class RankTrainer {
  /** Share of the steps' time that a rank may wait for rows before it says so. */
  private static final double NOTED_WAIT = 0.01;

  private static final long FIRST_ROWS = 64;

  /** The phase of the steps themselves. */
  static final String TRAIN = "train";

  private final TrainingSetup setup;
  private final RankInputs inputs;
  private final Collective ranks;
  private final FileStore store;
  private final RankObserver observer;

  /** Borrows everything it is given. */
  public RankTrainer(
      TrainingSetup setup,
      RankInputs inputs,
      Collective ranks,
      FileStore store,
      RankObserver observer) {
    this.setup = setup;
    this.inputs = inputs;
    this.ranks = ranks;
    this.store = new ProgressStore(store, observer::progress);
    this.observer = observer;
    setup.requireSupported(OpenedRank.method(setup, inputs));
  }

  /**
   * Trains to the last step. Where the observer wants to stop before, all ranks end after the same
   * step, saved, and no product is written.
   *
   * @param threads libtorch's threads for this rank
   * @param resumeFrom folder of a verified checkpoint; the same on every rank
   * @param attempt tells this attempt's checkpoint files from an earlier one's
   */
  public TrainState run(int threads, Optional<String> resumeFrom, String attempt)
      throws IOException {
    observer.phase(0, "load");
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU)) {
      runtime.prepareThread(threads);
      try (OpenedRank opened = OpenedRank.open(runtime, setup, inputs, ranks, threads)) {
        RankCheckpoints checkpoints = checkpoints(opened, attempt);
        TrainState start = TrainState.START.with(startingScale());
        Optional<String> productsBefore = Optional.empty();
        if (resumeFrom.isPresent()) {
          observer.phase(0, "resume");
          try (CheckpointReader reader = CheckpointReader.open(store, resumeFrom.get())) {
            start = restore(checkpoints, reader);
            productsBefore =
                Optional.ofNullable(reader.manifest().fingerprint().get(ResumeCheck.PRODUCTS));
          }
        }
        noteProducts(productsBefore);
        noteGradients();
        observer.phase(start.step(), TRAIN);
        End end = train(opened, checkpoints, start);
        if (end.early()) {
          checkpoints.save(end.state());
        } else if (ranks.rank() == 0) {
          observer.phase(end.state().step(), "export");
          new RunProduct(store, setup).write(runtime, opened.model(), inputs.model());
        }
        ranks.barrier();
        return end.state();
      }
    }
  }

  /**
   * Where the loop ended.
   *
   * @param early before the last step, because somebody wanted it
   */
  private record End(TrainState state, boolean early) {}

  private static TrainState restore(RankCheckpoints checkpoints, CheckpointReader reader) {
    checkpoints.restore(reader);
    var position = reader.manifest().position();
    return new TrainState(
        position.step(), position.tokens(), position.targetTokens(), reader.manifest().lossScale());
  }

  /** On average, by a few rows, since others may still lie elsewhere. */
  private double tokensAStep() {
    double length =
        LongStream.range(0, Math.min(FIRST_ROWS, inputs.rows().rowCount()))
            .mapToInt(inputs.rows()::length)
            .average()
            .orElse(1);
    return length * setup.train().globalBatchSize(ranks.worldSize());
  }

  private Optional<LossScale> startingScale() {
    return setup.precision().product() == FloatType.FLOAT16
        ? Optional.of(LossScale.START)
        : Optional.empty();
  }

  private void noteProducts(Optional<String> before) {
    RankProducts products = RankProducts.of(ranks, setup.precision());
    if (ranks.rank() == 0) {
      observer.note(products.note(before));
    }
  }

  /** What stage 2 does not save, where it does not. */
  private void noteGradients() {
    int steps = setup.train().gradientAccumulationSteps();
    if (ranks.rank() == 0 && steps > 1 && setup.zeroStage().freesGradients(ranks.worldSize())) {
      observer.note(
          "distributed.zero_stage=2 frees gradients in the last of train.gradient_accumulation_steps="
              + steps
              + " micro-batches; before it every rank holds all of them, as at stage 1");
    }
  }

  private End train(OpenedRank opened, RankCheckpoints checkpoints, TrainState start) {
    TrainConfig train = setup.train();
    BatchPlan plan = setup.batchPlan(inputs.rows(), ranks.worldSize());
    long totalSteps = setup.totalSteps(plan);
    LearningRateSchedule schedule =
        new LearningRateSchedule(
            train.lrSchedulerType(),
            train.learningRate(),
            train.warmupStepsOf((int) totalSteps),
            totalSteps);
    List<StepHook> hooks = hooks(opened.model(), plan, checkpoints, start);
    LoopSettings settings =
        new LoopSettings(
            totalSteps,
            train.gradientAccumulationSteps(),
            train.maxGradNorm(),
            start.lossScale().isPresent() ? tokensAStep() : 1);
    MicroBatchSource rows = new RowMicroBatches(inputs.rows(), plan, ranks.rank(), train.seed());
    StepClock clock = new StepClock(observer);
    String reader = "rank-" + ranks.rank() + "-rows";
    try (ReadAhead ahead = ReadAhead.start(rows, settings, start.step(), reader)) {
      TrainingLoop loop =
          new TrainingLoop(
              settings,
              new WatchedBatches(ahead, observer),
              opened.replicas(),
              opened.optimizer(),
              schedule,
              ranks,
              clock,
              hooks);
      TrainState end = loop.run(start);
      noteWait(ahead.waitedSeconds(), clock.seconds());
      noteSums(opened.optimizer().takeReductionTimes());
      return new End(end, end.step() < totalSteps);
    }
  }

  private List<StepHook> hooks(
      TrainedModel model, BatchPlan plan, RankCheckpoints checkpoints, TrainState start) {
    List<StepHook> hooks = new ArrayList<>();
    hooks.add(new TargetsRequired(plan.stepsPerEpoch()));
    for (RankInputs.EvalRows eval : inputs.evaluations()) {
      hooks.add(evaluator(eval, model, plan));
    }
    hooks.add(checkpoints);
    hooks.add(new MemoryGivenBack());
    if (ranks.rank() == 0) {
      hooks.add(skippedSteps(start));
    }
    return hooks;
  }

  /** Says which steps were left out. */
  private StepHook skippedSteps(TrainState start) {
    return new StepHook() {
      private long before = start.skippedSteps();

      @Override
      public void after(TrainState state, boolean last) {
        if (state.skippedSteps() > before) {
          observer.note(
              String.format(
                  Locale.ROOT,
                  "step=%d skipped: gradients overflow fp16, loss_scale=%.0f",
                  state.step(),
                  state.lossScale().orElseThrow().value()));
        }
        before = state.skippedSteps();
      }
    };
  }

  /** Steps should not wait for rows: rank 0 says how long they did, others only if it mattered. */
  private void noteWait(double waited, double steps) {
    double share = steps == 0 ? 0 : waited / steps;
    if (ranks.rank() == 0 || share >= NOTED_WAIT) {
      observer.note(
          String.format(
              Locale.ROOT,
              "rank=%d data_wait=%.3fs data_wait_share=%.2f%%",
              ranks.rank(),
              waited,
              100 * share));
    }
  }

  /** How much of the sums over ranks the backward hid; they end when the last rank has come. */
  private void noteSums(GradientReduction.Times times) {
    if (ranks.rank() == 0 && ranks.worldSize() > 1) {
      observer.note(
          String.format(
              Locale.ROOT,
              "gradient_sums=%.3fs behind_backward=%.3fs waited_for=%.3fs",
              times.summing(),
              times.hidden(),
              times.waiting()));
    }
  }

  private Evaluator evaluator(RankInputs.EvalRows eval, TrainedModel model, BatchPlan plan) {
    return new Evaluator(
        eval.rows(),
        setup.train().perDeviceEvalBatchSize(),
        setup.train().evalSteps(),
        model.model(),
        ranks,
        new EvaluationReport(eval.name(), plan, observer));
  }

  private RankCheckpoints checkpoints(OpenedRank opened, String attempt) {
    String folder = FileStore.join(setup.train().outputDir(), RunFolder.CHECKPOINTS);
    return new RankCheckpoints(
        ranks,
        opened.model(),
        opened.optimizer(),
        new RankCheckpointWriter(store, folder),
        observer,
        new RankCheckpoints.Schedule(setup.train().saveSteps(), attempt));
  }
}
