package dev.anneal.jobs.io;

import dev.anneal.core.config.ConfigException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Refuses, before any work, an output folder that cannot become one. */
public final class OutputPath {
  private OutputPath() {}

  /**
   * Checks a folder that need not exist yet.
   *
   * @param key the setting that named it
   */
  public static void require(HadoopFileStore store, String folder, String key) throws IOException {
    Optional<Path> local = store.localPath(folder);
    if (local.isEmpty()) {
      return;
    }
    Path existing = local.get().toAbsolutePath().normalize();
    while (!Files.exists(existing) && existing.getParent() != null) {
      existing = existing.getParent();
    }
    if (!Files.isDirectory(existing)) {
      throw invalid(key, folder, existing + " is a file");
    }
    if (!Files.isWritable(existing)) {
      throw invalid(key, folder, "cannot write in " + existing);
    }
  }

  private static ConfigException invalid(String key, String folder, String reason) {
    return new ConfigException("Invalid " + key + ": " + folder + " (" + reason + ")");
  }
}
