package dev.anneal.core.config;

import java.io.Serializable;

/** The sections that a training works from. Immutable; travels to executors. */
public record TrainingConfig(
    ModelConfig model,
    DataConfig data,
    AdapterConfig adapter,
    TrainConfig train,
    OptimizerConfig optimizer,
    DistributedConfig distributed)
    implements Serializable {

  /** These settings over the defaults: {@code of("train.max_steps=5")}. */
  public static TrainingConfig of(String... settings) {
    return ConfigLoader.of(TrainingConfig.class, settings);
  }
}
