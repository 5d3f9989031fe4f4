package dev.anneal.core.train;

import dev.anneal.core.config.AdapterConfig;
import dev.anneal.core.config.AnnealConfig;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.DistributedConfig;
import dev.anneal.core.config.ModelConfig;
import dev.anneal.core.config.OptimizerConfig;
import dev.anneal.core.config.TrainConfig;
import dev.anneal.core.data.BatchPlan;
import dev.anneal.core.data.EpochOrder;
import java.io.Serializable;

/** The settings that a rank trains with. Immutable; travels to executors. */
public record TrainingSetup(
    ModelConfig model,
    AdapterConfig adapter,
    TrainConfig train,
    OptimizerConfig optimizer,
    DistributedConfig distributed)
    implements Serializable {

  public static TrainingSetup of(AnnealConfig config) {
    return new TrainingSetup(
        config.model(), config.adapter(), config.train(), config.optimizer(), config.distributed());
  }

  /** Which rows each rank takes. */
  public BatchPlan batchPlan(long rows, int worldSize) {
    if (rows == 0) {
      throw new ConfigException(
          "Invalid data.train: 0 rows (must hold at least one; was tokenize.inputs empty?)");
    }
    EpochOrder order =
        train.shuffle() ? EpochOrder.shuffled(rows, train.seed()) : EpochOrder.asStored(rows);
    return new BatchPlan(
        order, train.perDeviceTrainBatchSize(), train.gradientAccumulationSteps(), worldSize);
  }

  /** Optimizer steps of the whole run. */
  public long totalSteps(BatchPlan plan) {
    return train.maxSteps() > 0
        ? train.maxSteps()
        : (long) Math.ceil(train.numTrainEpochs() * plan.stepsPerEpoch());
  }
}
