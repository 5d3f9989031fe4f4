package dev.anneal.jobs.export;

import dev.anneal.core.checkpoint.Checkpoint;
import dev.anneal.core.config.AdapterConfig;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.LoadedConfig;
import dev.anneal.core.config.ModelConfig;
import dev.anneal.core.io.FileStore;
import dev.anneal.jobs.config.AnnealConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What is exported: a model with an adapter folder, or with a checkpoint. Immutable.
 *
 * @param seed of the run, for a base that was made from scratch
 */
record ExportSource(
    ModelConfig model, AdapterConfig adapter, long seed, Optional<Checkpoint> checkpoint) {

  /** From the configuration; a checkpoint brings its run's model and adapter along. */
  static ExportSource of(LoadedConfig<AnnealConfig> loaded, FileStore store) throws IOException {
    AnnealConfig config = loaded.config();
    String path = config.export().checkpoint();
    if (path.isEmpty()) {
      return ofAdapter(config);
    }
    RunCheckpoint found = RunCheckpoint.open(store, path);
    AnnealConfig run = found.run().map(LoadedConfig::config).orElse(config);
    boolean ownAdapter = loaded.setKeys().stream().anyMatch(key -> key.startsWith("adapter."));
    ModelConfig model = run.model();
    if (loaded.isSet("model.path")) {
      model = model.at(config.model().path());
    }
    return new ExportSource(
        model,
        ownAdapter ? config.adapter() : run.adapter(),
        run.train().seed(),
        Optional.of(found.checkpoint()));
  }

  /** A model with the adapter of a folder on this machine. */
  static ExportSource ofAdapter(AnnealConfig config, Path folder) {
    return ofAdapter(config, config.adapter().existingAt(folder.toString()));
  }

  private static ExportSource ofAdapter(AnnealConfig config) {
    if (config.adapter().path().isEmpty()) {
      throw new ConfigException(
          "Missing adapter.path (the adapter to export; or export.checkpoint, a checkpoint of a"
              + " run; or export.adapters, several to combine)");
    }
    return ofAdapter(config, config.adapter());
  }

  private static ExportSource ofAdapter(AnnealConfig config, AdapterConfig adapter) {
    if (config.model().fromScratch()) {
      throw new ConfigException(
          "Invalid model.from_scratch: true (an adapter is merged into the weights of model.path)");
    }
    return new ExportSource(config.model(), adapter, config.train().seed(), Optional.empty());
  }
}
