package dev.anneal.jobs.inspect;

import dev.anneal.core.config.LoadedConfig;
import dev.anneal.core.io.FileStore;
import dev.anneal.jobs.config.AnnealConfig;
import dev.anneal.jobs.io.FetchPlan;
import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.io.HostFiles;
import java.io.IOException;
import java.util.Set;

/** One kind of folder that can be described. Implementations hold no state. */
sealed interface Inspection
    permits AdapterInspection,
        CheckpointInspection,
        ModelInspection,
        RunInspection,
        ShardInspection {

  /**
   * Where a folder is described.
   *
   * @param path as the configuration names it
   */
  record Request(String path, LoadedConfig<AnnealConfig> loaded, HadoopFileStore store, Page page) {
    String child(String name) {
      return FileStore.join(path, name);
    }

    /** Folders on this machine; the caller closes them. */
    HostFiles files() {
      return FetchPlan.of(store, loaded.config().data()).open();
    }
  }

  /** Whether a folder with these immediate children is of this kind. */
  boolean recognises(String path, Set<String> names);

  void describe(Request request) throws IOException;
}
