package dev.anneal.core.run;

import dev.anneal.core.checkpoint.Checkpoint;
import dev.anneal.core.checkpoint.CheckpointStore;
import dev.anneal.core.config.AdapterConfig;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.Resume;
import dev.anneal.core.io.FileEntry;
import dev.anneal.core.io.FileStore;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The output folder of a run: where its parts lie, and whether a run may start in it. One thread.
 */
public final class RunFolder {
  public static final String METRICS = "metrics.jsonl";
  public static final String CHECKPOINTS = "checkpoints";

  private final FileStore store;
  private final String path;
  private final CheckpointStore checkpoints;

  /**
   * @param warnings gets a line for every checkpoint that is passed over
   */
  public RunFolder(FileStore store, String path, Consumer<String> warnings) {
    this.store = store;
    this.path = path;
    this.checkpoints = new CheckpointStore(store, checkpointsPath(), warnings);
  }

  public String path() {
    return path;
  }

  /** A file or folder of the run. */
  public String child(String name) {
    return FileStore.join(path, name);
  }

  public String checkpointsPath() {
    return child(CHECKPOINTS);
  }

  public CheckpointStore checkpoints() {
    return checkpoints;
  }

  /**
   * The checkpoint that the run goes on from, or none for a start. Changes nothing: once the
   * settings have been compared with the checkpoint's, call {@code
   * checkpoints().discardAfter(step)}, with -1 for a start.
   *
   * @throws ConfigException when the folder holds another run, or there is nothing to resume from
   */
  public Optional<Checkpoint> start(Resume resume) throws IOException {
    return switch (resume.mode()) {
      case NEVER -> {
        refuseUsed();
        yield Optional.empty();
      }
      case LATEST -> {
        Optional<Checkpoint> latest = checkpoints.latest();
        if (latest.isEmpty()) {
          throw new ConfigException(
              "Cannot resume: no whole checkpoint in "
                  + checkpointsPath()
                  + " (train.resume_from_checkpoint = auto starts anew when there is none)");
        }
        yield latest;
      }
      case AUTO -> checkpoints.latest();
      case PATH -> Optional.of(chosen(resume.path()));
    };
  }

  /** A checkpoint of this run, or one of another run to begin a new folder with. */
  private Checkpoint chosen(String stepFolder) throws IOException {
    Checkpoint checkpoint = CheckpointStore.openFolder(store, stepFolder);
    if (!holdsCopyOf(checkpoint)) {
      refuseUsed();
    }
    return checkpoint;
  }

  private boolean holdsCopyOf(Checkpoint checkpoint) throws IOException {
    boolean listed =
        checkpoints.list().stream()
            .anyMatch(status -> status.valid() && status.step() == checkpoint.step());
    return listed && checkpoints.open(checkpoint.step()).manifest().equals(checkpoint.manifest());
  }

  private void refuseUsed() throws IOException {
    Optional<String> trace = traceOfRun();
    if (trace.isPresent()) {
      throw new ConfigException(
          "Cannot start in "
              + path
              + ": it holds another run ("
              + trace.get()
              + "); choose another train.output_dir, or go on with it by"
              + " train.resume_from_checkpoint = true");
    }
  }

  /**
   * What shows that a run was here: steps, checkpoints, a product. A resolved configuration or a
   * result.json alone do not: an attempt that failed before its first step leaves those.
   */
  private Optional<String> traceOfRun() throws IOException {
    for (FileEntry entry : store.list(path)) {
      boolean trace =
          switch (entry.name()) {
            case METRICS -> entry.sizeBytes() > 0;
            case CHECKPOINTS, "model" -> entry.folder() && !isEmpty(entry);
              // below it named adapters have runs of their own
            case AdapterConfig.FOLDER -> entry.folder() && holdsFile(entry);
            default -> false;
          };
      if (trace) {
        return Optional.of(entry.name());
      }
    }
    return Optional.empty();
  }

  private boolean holdsFile(FileEntry folder) throws IOException {
    return store.list(folder.path()).stream().anyMatch(child -> !child.folder());
  }

  private boolean isEmpty(FileEntry folder) throws IOException {
    List<FileEntry> children = store.list(folder.path());
    return children.isEmpty();
  }
}
