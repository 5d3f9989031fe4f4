package dev.anneal.jobs.export;

import dev.anneal.core.checkpoint.Checkpoint;
import dev.anneal.core.checkpoint.CheckpointStore;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.LoadedConfig;
import dev.anneal.core.io.FileStore;
import dev.anneal.core.run.RunFolder;
import dev.anneal.jobs.config.AnnealConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A verified checkpoint with the configuration that its run was started with. Immutable.
 *
 * @param run empty where the run's config.resolved.conf does not lie beside its checkpoints
 */
record RunCheckpoint(Checkpoint checkpoint, Optional<LoadedConfig<AnnealConfig>> run) {
  private static final Logger LOG = LoggerFactory.getLogger(RunCheckpoint.class);
  private static final String MANIFEST = "manifest.json";
  private static final String CONFIG = "config.resolved.conf";

  /** Opens a {@code step-NNNNNN} folder, or the newest whole one of a run's folder. */
  static RunCheckpoint open(FileStore store, String path) throws IOException {
    if (store.exists(FileStore.join(path, MANIFEST))) {
      return new RunCheckpoint(verified(store, path), config(store, parent(parent(path))));
    }
    String folder = path.endsWith("/" + RunFolder.CHECKPOINTS) ? parent(path) : path;
    Checkpoint latest =
        new RunFolder(store, folder, LOG::warn)
            .checkpoints()
            .latest()
            .orElseThrow(
                () ->
                    new ConfigException(
                        "Invalid export.checkpoint: "
                            + path
                            + " (holds no whole checkpoint; must be a step-NNNNNN folder or the"
                            + " output folder of a run)"));
    return new RunCheckpoint(latest, config(store, folder));
  }

  private static Checkpoint verified(FileStore store, String folder) throws IOException {
    try {
      return CheckpointStore.openFolder(store, folder);
    } catch (ConfigException e) {
      String reason = e.getCause() == null ? e.getMessage() : e.getCause().getMessage();
      throw new ConfigException("Cannot read export.checkpoint: " + folder + ": " + reason, e);
    }
  }

  private static Optional<LoadedConfig<AnnealConfig>> config(FileStore store, String folder)
      throws IOException {
    String file = FileStore.join(folder, CONFIG);
    if (!store.exists(file)) {
      return Optional.empty();
    }
    String text = new String(store.readBytes(file), StandardCharsets.UTF_8);
    return Optional.of(AnnealConfig.loader().file(file, text).load());
  }

  private static String parent(String path) {
    String bare = path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
    int slash = bare.lastIndexOf('/');
    return slash < 0 ? bare + "/.." : bare.substring(0, Math.max(1, slash));
  }
}
