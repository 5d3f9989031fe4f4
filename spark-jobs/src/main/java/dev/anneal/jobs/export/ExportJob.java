package dev.anneal.jobs.export;

import dev.anneal.core.assembly.TrainedModel;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.ModelConfig;
import dev.anneal.core.config.Redaction;
import dev.anneal.core.export.AdapterExport;
import dev.anneal.core.export.LogitComparison;
import dev.anneal.core.export.MergedWeights;
import dev.anneal.core.export.ModelExport;
import dev.anneal.core.export.ModelExport.StorageType;
import dev.anneal.core.io.LocalFileStore;
import dev.anneal.core.model.weights.ModelFolder;
import dev.anneal.core.peft.AdapterFolder;
import dev.anneal.core.peft.AdapterMethod;
import dev.anneal.core.train.RunProduct;
import dev.anneal.jobs.config.AnnealConfig;
import dev.anneal.jobs.config.ExportConfig;
import dev.anneal.jobs.failure.ExitCode;
import dev.anneal.jobs.io.FetchPlan;
import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.io.HostFiles;
import dev.anneal.jobs.job.JobContext;
import dev.anneal.jobs.job.JobResult;
import dev.anneal.jobs.job.SparkJob;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/**
 * Merges an adapter or a checkpoint into a Hugging Face model folder, or makes a PEFT folder of a
 * checkpoint; then loads what was written and compares its logits. Starts no Spark.
 */
public final class ExportJob implements SparkJob {
  /** Largest difference of logits by the largest logit, for weights written in fp32. */
  static final double FLOAT32_TOLERANCE = 1e-4;

  /** The same for bf16, whose weights keep 8 bits. */
  static final double BFLOAT16_TOLERANCE = 5e-2;

  /** The same for fp16, whose weights keep 11 bits, and fewer where they are tiny. */
  static final double FLOAT16_TOLERANCE = 1e-2;

  private static final long MEBIBYTE = 1 << 20;

  @Override
  public String name() {
    return "export";
  }

  @Override
  public String description() {
    return "adapter or checkpoint -> Hugging Face model folder or PEFT adapter";
  }

  @Override
  public String outputFolder(AnnealConfig config) {
    return config.export().output();
  }

  @Override
  public JobResult run(JobContext context) throws IOException {
    ExportConfig config = context.config().export();
    String output = config.requireOutput();
    HadoopFileStore store = HadoopFileStore.ofEnvironment();
    ExportFolder.require(store, output);
    FetchPlan fetching = FetchPlan.of(store, context.config().data());
    if (config.adapters().isEmpty()) {
      return export(context, store, fetching, ExportSource.of(context.loaded(), store));
    }
    CombinedExport combined = CombinedExport.of(context.loaded(), store, fetching);
    if (config.format() == ExportConfig.Format.ADAPTER) {
      return combined.write(context, store);
    }
    Path folder = Files.createTempDirectory("anneal-combined-");
    LocalFileStore local = new LocalFileStore();
    try {
      combined.write(local, folder.toString(), false);
      return export(context, store, fetching, ExportSource.ofAdapter(context.config(), folder));
    } finally {
      local.delete(folder.toString());
    }
  }

  private static JobResult export(
      JobContext context, HadoopFileStore store, FetchPlan fetching, ExportSource source)
      throws IOException {
    ExportConfig config = context.config().export();
    String output = config.output();
    ExportFolder.requireApart(store, output, source.model().path(), "model.path");
    ExportFolder.requireApart(store, output, source.adapter().path(), "adapter.path");
    int threads = context.config().distributed().threads(1);
    try (OpenedExport opened = OpenedExport.open(context.loaded(), source, fetching, threads)) {
      requireFormat(config, source, opened);
      ExportFolder.claim(store, output);
      double tolerance = FLOAT32_TOLERANCE;
      if (config.format() == ExportConfig.Format.ADAPTER) {
        TrainedModel model = opened.model();
        new AdapterExport(store)
            .write(output, model.adapter().orElseThrow(), model, source.model().path());
      } else {
        StorageType type = type(config.dtype(), opened.base());
        writeModel(opened, config, store, type);
        tolerance = tolerance(type);
      }
      JobResult result = JobResult.ok("exported to " + output).withPath("output", output);
      if (!config.verify()) {
        context.out().println("Wrote " + Redaction.text(output));
        return result;
      }
      return verified(context, fetching, opened, tolerance, result);
    }
  }

  private static StorageType type(ModelConfig.Dtype dtype, ModelFolder base) {
    return switch (dtype) {
      case AUTO -> StorageType.of(base.config().storageType());
      case FLOAT32 -> StorageType.FLOAT32;
      case BFLOAT16 -> StorageType.BFLOAT16;
      case FLOAT16 -> StorageType.FLOAT16;
    };
  }

  private static double tolerance(StorageType type) {
    return switch (type) {
      case FLOAT32 -> FLOAT32_TOLERANCE;
      case BFLOAT16 -> BFLOAT16_TOLERANCE;
      case FLOAT16 -> FLOAT16_TOLERANCE;
    };
  }

  private static void writeModel(
      OpenedExport opened, ExportConfig config, HadoopFileStore store, StorageType type)
      throws IOException {
    try (MergedWeights weights = new MergedWeights(opened.runtime(), opened.model())) {
      new ModelExport(store, config.maxShardMb() * MEBIBYTE)
          .write(
              config.output(),
              AdapterMethod.folder(opened.base(), opened.model().adapter()),
              weights,
              type);
    }
  }

  private static void requireFormat(ExportConfig config, ExportSource source, OpenedExport opened) {
    if (config.format() == ExportConfig.Format.MODEL) {
      MergedWeights.requireMergeable(opened.model());
    }
    boolean noAdapter = !RunProduct.isAdapter(opened.model().adapter());
    if (config.format() == ExportConfig.Format.ADAPTER
        && (noAdapter || source.model().fromScratch())) {
      throw new ConfigException(
          "Invalid export.format: ADAPTER (what is exported has "
              + (noAdapter ? "no adapter" : "a base without weights")
              + "; must be MODEL)");
    }
  }

  private static TrainedModel written(OpenedExport opened, Path folder) {
    return Files.exists(folder.resolve(ModelFolder.CONFIG_FILE))
        ? TrainedModel.forInference(opened.runtime(), ModelFolder.open(folder), Optional.empty())
        : TrainedModel.forInference(
            opened.runtime(), opened.base(), Optional.of(AdapterFolder.open(folder)));
  }

  private static JobResult verified(
      JobContext context,
      FetchPlan fetching,
      OpenedExport opened,
      double tolerance,
      JobResult result)
      throws IOException {
    ExportConfig config = context.config().export();
    try (HostFiles files = fetching.open();
        TrainedModel loaded = written(opened, files.folder(config.output(), "export.output"))) {
      LogitComparison comparison = LogitComparison.of(opened.model(), loaded);
      String figures =
          String.format(
              Locale.ROOT,
              "largest difference of logits %.3g, largest logit %.3g, allowed %.3g",
              comparison.difference(),
              comparison.scale(),
              tolerance * comparison.scale());
      if (!comparison.within(tolerance)) {
        return JobResult.of(
            ExitCode.DATA, "What was written to " + config.output() + " differs: " + figures);
      }
      context.out().println("Wrote " + Redaction.text(config.output()) + " (" + figures + ")");
      return result.withCount("largest_logit_difference", comparison.difference());
    }
  }
}
