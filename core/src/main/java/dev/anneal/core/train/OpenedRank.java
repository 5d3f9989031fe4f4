package dev.anneal.core.train;

import dev.anneal.core.assembly.TrainedModel;
import dev.anneal.core.collective.Collective;
import dev.anneal.core.model.InputNoise;
import dev.anneal.core.model.weights.DecoderLayout;
import dev.anneal.core.optim.OptimizerMethod;
import dev.anneal.core.optim.OptimizerProgram;
import dev.anneal.core.optim.OptimizerRegistry;
import dev.anneal.core.optim.StepRule;
import dev.anneal.core.peft.AdapterMethod;
import dev.anneal.core.peft.AdapterRegistry;
import dev.anneal.core.script.TensorProgram;
import dev.anneal.core.tensor.FreeMemory;
import dev.anneal.core.tensor.TensorRuntime;
import dev.anneal.core.tensor.TensorScope;
import dev.anneal.core.zero.ShardedOptimizer;
import dev.anneal.core.zero.ZeroStage;
import java.util.Optional;

/**
 * What one rank steps with, opened as the settings say: the model with its method, the optimizer,
 * and the model's replicas on the rank's threads. Owns them; borrows runtime and ranks. One thread.
 */
final class OpenedRank implements AutoCloseable {
  private final TensorScope scope;
  private final TrainedModel model;
  private final ShardedOptimizer optimizer;
  private final ReplicatedModel replicas;

  private OpenedRank(
      TensorScope scope, TrainedModel model, ShardedOptimizer optimizer, ReplicatedModel replicas) {
    this.scope = scope;
    this.model = model;
    this.optimizer = optimizer;
    this.replicas = replicas;
  }

  /**
   * Opens them on the calling thread.
   *
   * @param threads of the rank, as {@link TensorRuntime#prepareThread} was told
   */
  static OpenedRank open(
      TensorRuntime runtime,
      TrainingSetup setup,
      RankInputs inputs,
      Collective ranks,
      int threads) {
    TensorScope scope = new TensorScope();
    try {
      int worldSize = ranks.worldSize();
      TrainedModel.Layout layout =
          new TrainedModel.Layout(
              worldSize,
              setup.distributed().bucketElements(),
              setup.zeroStage().freesGradients(worldSize));
      TrainedModel model =
          scope.own(TrainedModel.open(runtime, assembly(setup, inputs, worldSize), layout));
      ShardedOptimizer optimizer = optimizer(scope, runtime, setup, model, ranks);
      InputNoise noise = new InputNoise(setup.train().neftuneNoiseAlpha());
      ReplicatedModel replicas = scope.own(ReplicatedModel.of(runtime, model, threads, noise));
      // what initial values were computed with: decompositions, widened weights
      FreeMemory.giveBack();
      return new OpenedRank(scope, model, optimizer, replicas);
    } catch (RuntimeException | Error e) {
      try (scope) {
        throw e;
      }
    }
  }

  /** The method, where there is one. */
  static Optional<AdapterMethod> method(TrainingSetup setup, RankInputs inputs) {
    return AdapterRegistry.choose(setup.adapter(), inputs.adapter(), inputs.model().config())
        .map(method -> method.beginningWith(inputs.initialTokens()))
        .map(method -> method.trainedAt(setup.train().learningRate()));
  }

  private static TrainedModel.Assembly assembly(
      TrainingSetup setup, RankInputs inputs, int worldSize) {
    Optional<AdapterMethod> method = method(setup, inputs);
    return new TrainedModel.Assembly(
        inputs.model(),
        setup.model().fromScratch()
            ? TrainedModel.BaseWeights.FROM_SCRATCH
            : TrainedModel.BaseWeights.PRETRAINED,
        method,
        inputs.adapter(),
        setup.train().seed(),
        true,
        MemoryPlan.storage(setup, inputs.model(), method, inputs.rows(), worldSize),
        setup.model().layerBackward(),
        setup.model().frozenStorage(),
        setup.model().doubleQuantisation(),
        setup.precision());
  }

  private static ShardedOptimizer optimizer(
      TensorScope scope,
      TensorRuntime runtime,
      TrainingSetup setup,
      TrainedModel model,
      Collective ranks) {
    OptimizerMethod method = OptimizerRegistry.named(setup.optimizer().name());
    TensorProgram tensors = scope.own(TensorProgram.open(runtime));
    OptimizerProgram program = scope.own(OptimizerProgram.open(runtime, method));
    ZeroStage stage = setup.zeroStage();
    long stateLength = ShardedOptimizer.stateLength(model.plan(), stage);
    OptimizerMethod.Parts parts =
        new OptimizerMethod.Parts(
            runtime, program, tensors, setup.optimizer(), setup.train().weightDecay(), stateLength);
    StepRule rule =
        model
            .adapter()
            .map(adapter -> adapter.stepRule(runtime, new DecoderLayout(model.config())))
            .orElse(StepRule.NONE);
    return scope.own(
        new ShardedOptimizer(
            model.plan(),
            stage,
            model.parameters(),
            tensors,
            program,
            method.open(parts),
            ShardedOptimizer.Rule.open(runtime, rule, stateLength),
            ranks));
  }

  /** Borrowed. */
  TrainedModel model() {
    return model;
  }

  /** Borrowed. */
  ShardedOptimizer optimizer() {
    return optimizer;
  }

  /** Borrowed. */
  ReplicatedModel replicas() {
    return replicas;
  }

  @Override
  public void close() {
    scope.close();
  }
}
