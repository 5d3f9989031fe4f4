package dev.anneal.core.config;

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
    SampleConfig sample,
    QuickstartConfig quickstart)
    implements Serializable {}
