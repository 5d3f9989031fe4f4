package dev.anneal.jobs.config;

import dev.anneal.core.config.AdapterConfig;
import dev.anneal.core.config.ConfigLoader;
import dev.anneal.core.config.DataConfig;
import dev.anneal.core.config.DistributedConfig;
import dev.anneal.core.config.ModelConfig;
import dev.anneal.core.config.OptimizerConfig;
import dev.anneal.core.config.TrainConfig;
import dev.anneal.core.config.TrainingConfig;
import dev.anneal.data.config.TokenizeConfig;
import java.io.Serializable;

/** All sections of the configuration, validated; what a job works from. Immutable. */
public record AnnealConfig(
    TokenizeConfig tokenize,
    ModelConfig model,
    DataConfig data,
    AdapterConfig adapter,
    TrainConfig train,
    OptimizerConfig optimizer,
    DistributedConfig distributed,
    GenerateConfig generate,
    EvaluateConfig evaluate,
    ExportConfig export,
    InspectConfig inspect,
    PlanConfig plan,
    SampleConfig sample,
    QuickstartConfig quickstart)
    implements Serializable {

  /** A named adapter's run has a folder of its own in the output folder. */
  public AnnealConfig {
    train = train.in(adapter.runFolder(train.outputDir()));
  }

  /** A loader of the whole configuration. */
  public static ConfigLoader<AnnealConfig> loader() {
    return new ConfigLoader<>(AnnealConfig.class);
  }

  /** These settings over the defaults: {@code of("train.max_steps=5")}. */
  public static AnnealConfig of(String... settings) {
    return ConfigLoader.of(AnnealConfig.class, settings);
  }

  /** The sections that core's training works from. */
  public TrainingConfig training() {
    return new TrainingConfig(model, data, adapter, train, optimizer, distributed);
  }
}
