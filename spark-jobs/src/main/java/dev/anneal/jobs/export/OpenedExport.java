package dev.anneal.jobs.export;

import dev.anneal.core.assembly.TrainedModel;
import dev.anneal.core.checkpoint.Checkpoint;
import dev.anneal.core.checkpoint.CheckpointReader;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.LoadedConfig;
import dev.anneal.core.format.Shape;
import dev.anneal.core.io.FileStore;
import dev.anneal.core.model.LayerStorage;
import dev.anneal.core.model.weights.ModelFolder;
import dev.anneal.core.model.weights.ParameterSpec;
import dev.anneal.core.peft.AdapterAgreement;
import dev.anneal.core.peft.AdapterFolder;
import dev.anneal.core.peft.AdapterMethod;
import dev.anneal.core.peft.AdapterRegistry;
import dev.anneal.core.tensor.Device;
import dev.anneal.core.tensor.TensorRuntime;
import dev.anneal.core.tensor.TensorScope;
import dev.anneal.core.train.RankCheckpoints;
import dev.anneal.jobs.config.AnnealConfig;
import dev.anneal.jobs.io.FetchPlan;
import dev.anneal.jobs.io.ResizedModel;
import dev.anneal.jobs.io.StagedModel;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The model to export, its adapter not merged. Owns local copies and native memory; one thread. */
final class OpenedExport implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(OpenedExport.class);

  private final TensorScope scope = new TensorScope();
  private final ExportSource source;
  private final ModelFolder base;
  private final TensorRuntime runtime;
  private final TrainedModel model;

  private OpenedExport(
      LoadedConfig<AnnealConfig> loaded, ExportSource source, FetchPlan plan, int threads)
      throws IOException {
    this.source = source;
    try {
      StagedModel staged = scope.own(StagedModel.open(source.model(), source.adapter(), plan));
      ModelFolder stored =
          source.model().fromScratch()
              ? ModelFolder.openFromScratch(staged.model())
              : ModelFolder.open(staged.model());
      stored.warnings().forEach(LOG::warn);
      Optional<AdapterFolder> adapter = staged.adapter().map(AdapterFolder::open);
      this.base = ResizedModel.of(stored, source.model(), adapter);
      adapter.ifPresent(
          own ->
              AdapterAgreement.require(
                  loaded.config().adapter(), loaded::isSet, own, base.config()));
      this.runtime = scope.own(TensorRuntime.open(Device.CPU));
      runtime.prepareThread(threads);
      this.model = scope.own(TrainedModel.open(runtime, assembly(adapter), 1, 1 << 20));
      if (source.checkpoint().isPresent()) {
        fill(plan.store(), source.checkpoint().get());
        model.settle();
      }
    } catch (IOException | RuntimeException | Error e) {
      scope.close();
      throw e;
    }
  }

  static OpenedExport open(
      LoadedConfig<AnnealConfig> loaded, ExportSource source, FetchPlan plan, int threads)
      throws IOException {
    return new OpenedExport(loaded, source, plan, threads);
  }

  private TrainedModel.Assembly assembly(Optional<AdapterFolder> adapter) {
    Optional<AdapterMethod> method =
        AdapterRegistry.choose(source.adapter(), adapter, base.config());
    return new TrainedModel.Assembly(
        base,
        source.model().fromScratch()
            ? TrainedModel.BaseWeights.FROM_SCRATCH
            : TrainedModel.BaseWeights.PRETRAINED,
        method,
        adapter,
        source.seed(),
        method.isEmpty(),
        LayerStorage.KEEP);
  }

  private void fill(FileStore store, Checkpoint checkpoint) throws IOException {
    requireFit(checkpoint);
    try (CheckpointReader reader = new CheckpointReader(store, checkpoint)) {
      RankCheckpoints.readParameters(reader, model.parameters());
    }
  }

  /** Same base, same adapter, same parameters as in the run. */
  private void requireFit(Checkpoint checkpoint) throws IOException {
    Map<String, String> fingerprint = checkpoint.manifest().fingerprint();
    String adapter = model.adapter().map(AdapterMethod::fingerprint).orElse("none");
    requireSame("adapter", fingerprint.getOrDefault("adapter", "none"), adapter, "adapter.*");
    if (!source.model().fromScratch()) {
      String hash = base.contentHash();
      requireSame("base model", fingerprint.getOrDefault("model", hash), hash, "model.path");
    }
    Map<String, Shape> shapes = new LinkedHashMap<>();
    for (ParameterSpec spec : model.parameters().specs()) {
      shapes.put(spec.name(), spec.shape());
    }
    if (!shapes.equals(checkpoint.manifest().parameters())) {
      throw new ConfigException(
          "Invalid export.checkpoint: "
              + checkpoint.folder()
              + " (holds "
              + checkpoint.manifest().parameters().size()
              + " parameters that are not those of model.path and adapter.*)");
    }
  }

  private void requireSame(String what, String inRun, String here, String key) {
    if (!inRun.equals(here)) {
      throw new ConfigException(
          "Invalid export.checkpoint: its run had another "
              + what
              + ": "
              + inRun
              + " (here: "
              + here
              + "; set "
              + key
              + " as in the run)");
    }
  }

  ModelFolder base() {
    return base;
  }

  TensorRuntime runtime() {
    return runtime;
  }

  TrainedModel model() {
    return model;
  }

  @Override
  public void close() {
    scope.close();
  }
}
