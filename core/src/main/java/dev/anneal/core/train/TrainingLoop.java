package dev.anneal.core.train;

import dev.anneal.core.collective.Collective;
import dev.anneal.core.model.FlatParameters;
import dev.anneal.core.model.LossSum;
import dev.anneal.core.model.gradients.GradientSink;
import dev.anneal.core.optim.LearningRateSchedule;
import dev.anneal.core.optim.LossScale;
import dev.anneal.core.run.ProcessMemory;
import dev.anneal.core.run.StepMetrics;
import dev.anneal.core.run.TrainingFailedException;
import dev.anneal.core.zero.ShardedOptimizer;
import java.util.List;

/**
 * How training works, on each rank. Losses and gradients are summed over micro-batches and ranks
 * and divided once by the global count of targets, so that the result does not depend on how a
 * batch was cut. All ranks run the same steps; a rank without rows takes part with zeros.
 */
public final class TrainingLoop {
  private final LoopSettings settings;
  private final MicroBatchSource data;
  private final ReplicatedModel model;
  private final FlatParameters parameters;
  private final ShardedOptimizer optimizer;
  private final LearningRateSchedule schedule;
  private final Collective ranks;
  private final StepListener listener;
  private final List<StepHook> hooks;

  /** Borrows everything it is given. */
  public TrainingLoop(
      LoopSettings settings,
      MicroBatchSource data,
      ReplicatedModel model,
      ShardedOptimizer optimizer,
      LearningRateSchedule schedule,
      Collective ranks,
      StepListener listener,
      List<StepHook> hooks) {
    this.settings = settings;
    this.data = data;
    this.model = model;
    this.parameters = model.parameters();
    this.optimizer = optimizer;
    this.schedule = schedule;
    this.ranks = ranks;
    this.listener = listener;
    this.hooks = List.copyOf(hooks);
  }

  /** Trains from a state to the last step, or to the one in which a listener wants to stop. */
  public TrainState run(TrainState start) {
    try {
      return steps(start);
    } catch (RuntimeException | Error e) {
      optimizer.abandon(e);
      throw e;
    }
  }

  private TrainState steps(TrainState start) {
    TrainState state = start;
    boolean stop = false;
    while (state.step() < settings.totalSteps() && !stop) {
      long begin = System.nanoTime();
      parameters.zeroGradients();
      model.model().beginStep(state.step());
      model.scaleGradients(settings.gradientFactor(state));
      LossSum own = LossSum.ZERO;
      for (int i = 0; i < settings.accumulationSteps(); i++) {
        boolean last = i == settings.accumulationSteps() - 1;
        GradientSink sink = optimizer.sink(model.gradientWalk(), last);
        own = own.plus(model.forwardBackward(data.at(state.step(), i), sink));
      }
      optimizer.reduceGradients();
      double[] totals = sum(own, listener.stopWanted());
      LossSum total = new LossSum(totals[0], (long) totals[1], (long) totals[2]);
      stop = totals[3] > 0;
      requireFinite(total.sum(), "loss", state);
      double learningRate = schedule.at(state.step());
      Update update = update(total, learningRate, state);
      model.model().endStep();
      state = state.advance(total.tokens(), total.targetTokens(), update.overflow());
      requireUsableScale(state);
      listener.onStep(metrics(state, total, learningRate, update, begin));
      for (StepHook hook : hooks) {
        hook.after(state, state.step() == settings.totalSteps());
      }
    }
    return state;
  }

  /**
   * What an update found.
   *
   * @param gradNorm the global norm before clipping
   * @param regulariser what the method adds to the loss
   * @param overflow whether the step was left out, since scaled gradients passed what fp16 holds
   */
  private record Update(double gradNorm, double regulariser, boolean overflow) {}

  /** Normalises, clips, updates, shares. */
  private Update update(LossSum total, double learningRate, TrainState state) {
    if (total.targetTokens() == 0) {
      return new Update(0, 0, false);
    }
    double denominator = total.targetTokens() * settings.gradientFactor(state);
    double regulariser = optimizer.regularise(denominator);
    double gradNorm = optimizer.normaliseAndClip(denominator, settings.maxGradNorm());
    if (state.lossScale().isPresent() && !Double.isFinite(gradNorm)) {
      return new Update(Double.NaN, regulariser, true);
    }
    requireFinite(gradNorm, "gradient norm", state);
    optimizer.step(learningRate, state.nextUpdate());
    return new Update(gradNorm, regulariser, false);
  }

  private static void requireUsableScale(TrainState state) {
    if (state.lossScale().filter(LossScale::exhausted).isPresent()) {
      throw new TrainingFailedException(
          "Invalid gradients at step "
              + state.step()
              + ": beyond fp16 at any loss scale (use model.dtype = bfloat16 or train.bf16, or a"
              + " lower train.learning_rate)");
    }
  }

  /** Loss, targets and tokens of all ranks, and how many of them want to stop: all see the same. */
  private double[] sum(LossSum own, boolean stop) {
    return ranks.allReduceSum(
        new double[] {own.sum(), own.targetTokens(), own.tokens(), stop ? 1 : 0});
  }

  private StepMetrics metrics(
      TrainState state, LossSum total, double learningRate, Update update, long begin) {
    double seconds = (System.nanoTime() - begin) / 1e9;
    return new StepMetrics(
        state.step(),
        total.sum() / total.targetTokens() + update.regulariser(), // NaN for a step without targets
        learningRate,
        update.gradNorm(),
        total.tokens(),
        total.targetTokens(),
        total.tokens() / seconds,
        data.epochAfter(state.step() - 1),
        ProcessMemory.now().residentBytes());
  }

  private static void requireFinite(double value, String what, TrainState state) {
    if (!Double.isFinite(value)) {
      throw new TrainingFailedException(
          "Invalid "
              + what
              + ": "
              + value
              + " at step "
              + (state.step() + 1)
              + " (must be finite; start anew in another train.output_dir with a lower"
              + " train.learning_rate, a longer train.warmup_steps or a train.max_grad_norm > 0)");
    }
  }
}
