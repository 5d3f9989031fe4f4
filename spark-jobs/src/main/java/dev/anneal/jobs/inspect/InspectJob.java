package dev.anneal.jobs.inspect;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.io.FileEntry;
import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.job.JobContext;
import dev.anneal.jobs.job.JobResult;
import dev.anneal.jobs.job.SparkJob;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Describes a shard, checkpoint, adapter, model or run folder. Starts no Spark. */
public final class InspectJob implements SparkJob {
  private static final int SHOWN = 8;

  /** In the order of asking: a run may hold files of other kinds. */
  private static final List<Inspection> KINDS =
      List.of(
          new RunInspection(),
          new ShardInspection(),
          new AdapterInspection(),
          new ModelInspection(),
          new CheckpointInspection());

  @Override
  public String name() {
    return "inspect";
  }

  @Override
  public String description() {
    return "describes a shard, checkpoint, adapter, model or run folder";
  }

  @Override
  public JobResult run(JobContext context) throws IOException {
    HadoopFileStore store = HadoopFileStore.ofEnvironment();
    String path = withoutSlash(context.config().inspect().requirePath());
    requireFolder(store, path);
    Set<String> names = new LinkedHashSet<>();
    for (FileEntry entry : store.list(path)) {
      names.add(entry.name());
    }
    for (Inspection kind : KINDS) {
      if (kind.recognises(path, names)) {
        kind.describe(
            new Inspection.Request(path, context.loaded(), store, new Page(context.out())));
        return JobResult.ok("described " + path);
      }
    }
    throw new ConfigException(
        "Cannot tell what inspect.path is: "
            + path
            + (names.isEmpty()
                ? " (an empty folder, or none"
                : " (holds " + String.join(", ", names.stream().limit(SHOWN).toList()))
            + "; must be a shard, checkpoint, adapter, model or run folder)");
  }

  private static String withoutSlash(String path) {
    return path.length() > 1 && path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
  }

  private static void requireFolder(HadoopFileStore store, String path) throws IOException {
    Optional<Path> local = store.localPath(path);
    if (local.isPresent() && !Files.exists(local.get())) {
      throw new ConfigException("Cannot read inspect.path: " + path + " (no such folder)");
    }
    if (local.isPresent() && !Files.isDirectory(local.get())) {
      throw new ConfigException(
          "Cannot read inspect.path: " + path + " (is a file; name its folder)");
    }
  }
}
