package dev.anneal.core.report;

import dev.anneal.core.config.AdapterConfig;
import dev.anneal.core.config.DistributedConfig;
import dev.anneal.core.config.Redaction;
import dev.anneal.core.config.TrainConfig;
import dev.anneal.core.config.TrainingConfig;
import dev.anneal.core.model.config.DecoderConfig;
import dev.anneal.core.model.config.Precision;
import dev.anneal.core.peft.AdapterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What one training was told to do and what it came to.
 *
 * @param model path or name of the model it began with
 * @param architecture in a few words, as {@code Qwen2, 4 layers, hidden 256, vocabulary 4096}
 * @param method what is trained, as {@code LoRA r=16, alpha=32 on 28 linears} or {@code full}
 * @param data shard folders in order
 * @param maxSteps what the run was to reach
 * @param globalBatchRows rows of one optimizer step over all ranks
 * @param elapsed wall time of this process's part of the training
 */
public record TrainingFacts(
    String model,
    String architecture,
    long parameters,
    long trainableParameters,
    String method,
    List<String> data,
    long maxSteps,
    long globalBatchRows,
    int worldSize,
    int zeroStage,
    String backend,
    String computeType,
    long seed,
    Duration elapsed) {
  public TrainingFacts {
    model = Redaction.text(model);
    data = data.stream().map(Redaction::text).toList();
  }

  /**
   * What only the run itself knows.
   *
   * @param totalSteps what the settings came to, epochs counted
   */
  public record Measured(long trainableParameters, long totalSteps, Duration elapsed) {}

  /** The facts as settings and model tell them. */
  public static TrainingFacts of(TrainingConfig config, DecoderConfig model, Measured measured) {
    DistributedConfig ranks = config.distributed();
    TrainConfig train = config.train();
    return new TrainingFacts(
        config.model().path(),
        architecture(model),
        model.parameterCount(),
        measured.trainableParameters(),
        method(config, model),
        config.data().train(),
        measured.totalSteps(),
        (long) train.perDeviceTrainBatchSize()
            * train.gradientAccumulationSteps()
            * ranks.worldSize(),
        ranks.worldSize(),
        ranks.zeroStage(),
        backend(ranks),
        Precision.of(config.model(), config.train()).label(),
        train.seed(),
        measured.elapsed());
  }

  static String architecture(DecoderConfig model) {
    return String.format(
        Locale.ROOT,
        "%s, %d layers, hidden %,d, %d heads (%d key-value), vocabulary %,d",
        model.family().modelType(),
        model.layers(),
        model.hiddenSize(),
        model.attentionHeads(),
        model.keyValueHeads(),
        model.vocabSize());
  }

  private static String method(TrainingConfig config, DecoderConfig model) {
    AdapterConfig adapter = config.adapter();
    if (!adapter.path().isEmpty()) {
      return "adapter from " + Redaction.text(adapter.path());
    }
    if (!adapter.present()) {
      return config.model().fromScratch() ? "full, from scratch" : "full";
    }
    return AdapterRegistry.choose(adapter, Optional.empty(), model)
        .map(method -> method.peftType() + ", " + method.summary())
        .orElseThrow();
  }

  private static String backend(DistributedConfig ranks) {
    if (ranks.worldSize() == 1) {
      return "alone";
    }
    boolean chosen = ranks.backend() != DistributedConfig.Backend.AUTO;
    return chosen ? ranks.backend().name().toLowerCase(Locale.ROOT) : "tcp";
  }
}
