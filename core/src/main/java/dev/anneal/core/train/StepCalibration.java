package dev.anneal.core.train;

import dev.anneal.core.collective.Collective;
import dev.anneal.core.collective.local.LocalGroup;
import dev.anneal.core.data.BatchPlan;
import dev.anneal.core.data.RowSource;
import dev.anneal.core.model.LossSum;
import dev.anneal.core.model.MicroBatch;
import dev.anneal.core.run.ProcessMemory;
import dev.anneal.core.tensor.Device;
import dev.anneal.core.tensor.FreeMemory;
import dev.anneal.core.tensor.TensorRuntime;

/**
 * How long a step of a run takes on this machine, measured: the real model with its method computes
 * some of the run's first micro-batches and two updates, on one rank with the threads that a rank
 * of the run would have. Stateless.
 *
 * <p>What is not in it: ranks beside this one, which share memory and processor where they share a
 * host, what ranks send each other, evaluations and checkpoints.
 */
public final class StepCalibration {
  /** After the first one, which prepares what later ones find ready. */
  private static final int MOST_BATCHES = 16;

  /** Micro-batches are measured until they have taken that long together. */
  private static final double ENOUGH_SECONDS = 5;

  /** The second update is measured. */
  private static final int UPDATES = 2;

  private final TrainingSetup setup;
  private final RankInputs inputs;
  private final int worldSize;
  private final int leastBatches;

  /**
   * What was found. Immutable.
   *
   * @param microBatchSeconds forward and backward of a rank's micro-batch of mean size
   * @param accumulationSteps micro-batches of a rank in a step
   * @param updateSeconds clipping and the optimizer
   * @param tokens real tokens of a step, of all ranks
   * @param grownBytes most that this process held beyond what it held before
   */
  public record StepTime(
      double microBatchSeconds,
      int accumulationSteps,
      double updateSeconds,
      double tokens,
      long grownBytes) {

    /** A step in which no rank waits for another. */
    public double seconds() {
      return microBatchSeconds * accumulationSteps + updateSeconds;
    }

    /** Of all ranks together. */
    public double tokensPerSecond() {
      return tokens / seconds();
    }
  }

  /**
   * Borrows the inputs.
   *
   * @param worldSize ranks of the run
   */
  public StepCalibration(TrainingSetup setup, RankInputs inputs, int worldSize) {
    this(setup, inputs, worldSize, 1);
  }

  /**
   * Borrows the inputs.
   *
   * @param leastBatches to measure, however long they take: memory grows over the first few
   */
  public StepCalibration(TrainingSetup setup, RankInputs inputs, int worldSize, int leastBatches) {
    this.leastBatches = leastBatches;
    this.setup = setup;
    this.inputs = inputs;
    this.worldSize = worldSize;
  }

  /** Opens the model, measures on the calling thread, and closes it. Trains nothing that stays. */
  public StepTime measure() {
    int threads = setup.distributed().threads(worldSize);
    BatchPlan plan = setup.batchPlan(inputs.rows(), worldSize);
    MicroBatchSource rows = new RowMicroBatches(inputs.rows(), plan, 0, setup.train().seed());
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU);
        Collective alone = LocalGroup.of(1).members().get(0)) {
      runtime.prepareThread(threads);
      FreeMemory.giveBack();
      long before = ProcessMemory.now().residentBytes();
      try (OpenedRank rank = OpenedRank.open(runtime, setup, inputs, alone, threads)) {
        rank.model().beginStep(0);
        Passes passes = passes(rank, rows, plan);
        rank.model().endStep();
        double update = update(rank, passes.sum());
        double tokens = meanTokens(inputs.rows(), plan);
        int accumulation = setup.train().gradientAccumulationSteps();
        return new StepTime(
            passes.secondsAToken() * tokens,
            accumulation,
            update,
            tokens * accumulation * worldSize,
            Math.max(0, ProcessMemory.now().peakBytes() - before));
      }
    }
  }

  /**
   * What micro-batches took.
   *
   * @param tokens of those that were measured
   * @param sum of the losses of all
   */
  private record Passes(double seconds, long tokens, LossSum sum) {
    double secondsAToken() {
      return seconds / Math.max(1, tokens);
    }
  }

  private Passes passes(OpenedRank rank, MicroBatchSource rows, BatchPlan plan) {
    int accumulation = setup.train().gradientAccumulationSteps();
    long all = plan.stepsPerEpoch() * accumulation;
    rank.model().parameters().zeroGradients();
    LossSum sum = rank.replicas().forwardBackward(rows.at(0, 0));
    double seconds = 0;
    long tokens = 0;
    for (int i = 1; wanted(i, seconds); i++) {
      long index = i % all;
      MicroBatch batch = rows.at(index / accumulation, (int) (index % accumulation));
      long begin = System.nanoTime();
      LossSum own = rank.replicas().forwardBackward(batch);
      seconds += (System.nanoTime() - begin) / 1e9;
      tokens += own.tokens();
      sum = sum.plus(own);
    }
    return new Passes(seconds, tokens, sum);
  }

  private boolean wanted(int batch, double seconds) {
    return batch <= leastBatches || batch <= MOST_BATCHES && seconds < ENOUGH_SECONDS;
  }

  private double update(OpenedRank rank, LossSum sum) {
    double seconds = 0;
    long targets = Math.max(1, sum.targetTokens());
    for (int i = 0; i < UPDATES; i++) {
      long begin = System.nanoTime();
      rank.optimizer().reduceGradients();
      rank.optimizer().regularise(targets);
      rank.optimizer().normaliseAndClip(targets, setup.train().maxGradNorm());
      rank.optimizer().step(setup.train().learningRate(), i + 1);
      seconds = (System.nanoTime() - begin) / 1e9;
    }
    return seconds;
  }

  /** Real tokens of a rank's micro-batch, over an epoch. */
  private static double meanTokens(RowSource rows, BatchPlan plan) {
    return (double) rows.tokenCount() / rows.rowCount() * plan.deviceBatch();
  }
}
