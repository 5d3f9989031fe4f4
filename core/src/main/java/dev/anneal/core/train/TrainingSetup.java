package dev.anneal.core.train;

import dev.anneal.core.config.AdapterConfig;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.DistributedConfig;
import dev.anneal.core.config.ModelConfig;
import dev.anneal.core.config.OptimizerConfig;
import dev.anneal.core.config.TrainConfig;
import dev.anneal.core.config.TrainingConfig;
import dev.anneal.core.data.BatchPlan;
import dev.anneal.core.data.EpochOrder;
import dev.anneal.core.data.LengthGroupedOrder;
import dev.anneal.core.data.RowOrder;
import dev.anneal.core.data.RowSource;
import dev.anneal.core.model.AutogradHook;
import dev.anneal.core.model.VirtualTokens;
import dev.anneal.core.model.config.DecoderConfig;
import dev.anneal.core.model.config.Precision;
import dev.anneal.core.optim.OptimizerRegistry;
import dev.anneal.core.peft.AdapterMethod;
import dev.anneal.core.zero.ZeroStage;
import java.io.Serializable;
import java.util.Locale;
import java.util.Optional;

/** The settings that a rank trains with. Immutable; travels to executors. */
public record TrainingSetup(
    ModelConfig model,
    AdapterConfig adapter,
    TrainConfig train,
    OptimizerConfig optimizer,
    DistributedConfig distributed)
    implements Serializable {

  public static TrainingSetup of(TrainingConfig config) {
    return new TrainingSetup(
        config.model(), config.adapter(), config.train(), config.optimizer(), config.distributed());
  }

  /** Refuses what cannot be trained on a CPU, or by the method; absent in full tuning. */
  public void requireSupported(Optional<AdapterMethod> method) {
    OptimizerRegistry.named(optimizer.name());
    RunProduct.requireNameOfAdapter(adapter, method);
    Precision precision = precision();
    boolean written = AutogradHook.over(method, model.layerBackward(), precision).written();
    ModelConfig.FrozenStorage storage = model.frozenStorage();
    String named = storage.name().toLowerCase(Locale.ROOT);
    if (storage.fourBit() && method.isEmpty()) {
      throw new ConfigException(
          "Invalid model.frozen_storage: "
              + named
              + " (must be auto, float32 or file in full tuning, which freezes nothing: set"
              + " adapter.peft_type)");
    }
    boolean widens =
        storage.fourBit() || storage == ModelConfig.FrozenStorage.FILE && !precision.half();
    if (widens && !written) {
      throw new ConfigException(
          "Invalid model.frozen_storage: "
              + named
              + " (must be float32 where autograd computes the"
              + " gradients: "
              + (model.layerBackward() == ModelConfig.LayerBackward.AUTOGRAD
                  ? "model.layer_backward is autograd)"
                  : "adapter.peft_type has no written backward)"));
    }
  }

  /** What of the training state ranks share. */
  public ZeroStage zeroStage() {
    return ZeroStage.of(distributed.zeroStage());
  }

  /** The types to compute in. */
  public Precision precision() {
    return Precision.of(model, train);
  }

  /**
   * What to say of rows that virtual tokens push beyond the model's positions; those of packed rows
   * may be fine, since each sample begins anew. Borrows the rows.
   */
  public static Optional<String> tooLong(
      Optional<AdapterMethod> method, DecoderConfig model, RowSource rows) {
    int ahead = method.flatMap(own -> own.virtualTokens(model)).map(VirtualTokens::count).orElse(0);
    int longest = 0;
    for (long i = 0; ahead > 0 && i < rows.rowCount(); i++) {
      longest = Math.max(longest, rows.length(i));
    }
    return ahead == 0 || longest + ahead <= model.maxPositionEmbeddings()
        ? Optional.empty()
        : Optional.of(
            ("adapter.num_virtual_tokens=%d before rows of up to %d tokens exceed"
                    + " max_position_embeddings=%d of the model")
                .formatted(ahead, longest, model.maxPositionEmbeddings()));
  }

  /** Which rows each rank takes. Borrows the rows. */
  public BatchPlan batchPlan(RowSource rows, int worldSize) {
    if (rows.rowCount() == 0) {
      throw new ConfigException(
          "Invalid data.train: 0 rows (must hold at least one; was tokenize.inputs empty?)");
    }
    return new BatchPlan(
        order(rows, train.globalBatchSize(worldSize)),
        train.perDeviceTrainBatchSize(),
        train.gradientAccumulationSteps(),
        worldSize);
  }

  private RowOrder order(RowSource rows, long globalBatch) {
    if (!train.shuffle()) {
      return EpochOrder.asStored(rows.rowCount());
    }
    EpochOrder shuffled = EpochOrder.shuffled(rows.rowCount(), train.seed());
    boolean grouped =
        switch (train.groupByLength()) {
          case TRUE -> true;
          case FALSE -> false;
          case AUTO -> rows.ragged();
        };
    return grouped ? new LengthGroupedOrder(shuffled, rows::length, globalBatch) : shuffled;
  }

  /** Optimizer steps of the whole run. */
  public long totalSteps(BatchPlan plan) {
    return train.maxSteps() > 0
        ? train.maxSteps()
        : (long) Math.ceil(train.numTrainEpochs() * plan.stepsPerEpoch());
  }
}
