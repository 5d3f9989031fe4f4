package dev.anneal.core.checkpoint;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.format.FormatException;
import dev.anneal.core.io.FileEntry;
import dev.anneal.core.io.FileStore;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The driver's side of checkpoints: commits what ranks wrote, finds what to resume from, and alone
 * removes old ones. A folder without a whole manifest, or whose files differ from it, is never
 * chosen. One thread; one instance a run.
 */
public final class CheckpointStore {
  private final FileStore store;
  private final String folder;
  private final Consumer<String> warnings;
  private final CheckpointVerifier verifier;
  private final Set<Long> committedHere = new HashSet<>();

  /**
   * @param folder the run's {@code checkpoints} folder; need not exist
   * @param warnings gets a line for every checkpoint that is passed over
   */
  public CheckpointStore(FileStore store, String folder, Consumer<String> warnings) {
    this.store = store;
    this.folder = folder;
    this.warnings = warnings;
    this.verifier = new CheckpointVerifier(store);
  }

  /** The newest checkpoint whose files match their checksums; reads them as a whole. */
  public Optional<Checkpoint> latest() throws IOException {
    for (long step : stepsNewestFirst()) {
      Optional<Checkpoint> checkpoint = look(step, CheckpointVerifier.Depth.CHECKSUMS);
      if (checkpoint.isPresent()) {
        return checkpoint;
      }
    }
    return Optional.empty();
  }

  /** The checkpoints whose files are there with their sizes, newest first; reads none of them. */
  List<Checkpoint> committed() throws IOException {
    List<Checkpoint> committed = new ArrayList<>();
    for (long step : stepsNewestFirst()) {
      look(step, CheckpointVerifier.Depth.SIZES).ifPresent(committed::add);
    }
    return committed;
  }

  /** The checkpoint of a step, its checksums verified. */
  public Checkpoint open(long step) throws IOException {
    return openFolder(store, CheckpointLayout.stepFolder(folder, step));
  }

  /** The checkpoint in a {@code step-NNNNNN} folder, of this run or another, verified. */
  public static Checkpoint openFolder(FileStore store, String stepFolder) throws IOException {
    try {
      if (store.list(stepFolder).isEmpty()) {
        throw new FormatException("no such folder");
      }
      return new CheckpointVerifier(store).verify(stepFolder, CheckpointVerifier.Depth.CHECKSUMS);
    } catch (FormatException e) {
      throw new ConfigException(
          "Cannot resume from "
              + stepFolder
              + ": "
              + e.getMessage()
              + " (resume_from_checkpoint must be true, auto or the path of a whole step-NNNNNN"
              + " folder)",
          e);
    }
  }

  /** Every step folder, oldest first, with what is wrong with it; sizes only, no checksums. */
  public List<CheckpointStatus> list() throws IOException {
    List<CheckpointStatus> statuses = new ArrayList<>();
    for (long step : stepsNewestFirst()) {
      String stepFolder = CheckpointLayout.stepFolder(folder, step);
      String problem = "";
      try {
        verifier.verify(stepFolder, CheckpointVerifier.Depth.SIZES);
      } catch (FormatException e) {
        problem = e.getMessage();
      }
      statuses.add(new CheckpointStatus(step, stepFolder, problem));
    }
    Collections.reverse(statuses);
    return statuses;
  }

  /**
   * Makes a checkpoint valid: checks that every rank's file arrived, then writes the manifest in
   * one atomic step. Nothing before this call can be resumed from, nothing after it can tear it.
   */
  public Checkpoint commit(CheckpointManifest manifest) throws IOException {
    String stepFolder = CheckpointLayout.stepFolder(folder, manifest.step());
    Map<String, Long> sizes = new HashMap<>();
    for (FileEntry entry : store.list(stepFolder)) {
      sizes.put(entry.name(), entry.sizeBytes());
    }
    try {
      for (RankFile file : manifest.files()) {
        CheckpointVerifier.checkSize(file, sizes.get(file.name()));
      }
    } catch (FormatException e) {
      throw new IOException("Cannot commit checkpoint " + stepFolder + ": " + e.getMessage(), e);
    }
    if (sizes.containsKey(CheckpointLayout.MANIFEST)) {
      refuseSameAttempt(manifest);
    }
    store.writeBytes(
        FileStore.join(stepFolder, CheckpointLayout.MANIFEST), ManifestJson.render(manifest));
    committedHere.add(manifest.step());
    removeOtherAttempts(stepFolder, manifest);
    return new Checkpoint(stepFolder, manifest);
  }

  /**
   * A lost attempt's checkpoint of the same step may have been committed while its successor was on
   * the way here; the successor's files lie beside it and take over in one step. One attempt never
   * commits twice.
   */
  private void refuseSameAttempt(CheckpointManifest manifest) throws IOException {
    Optional<Checkpoint> present = look(manifest.step(), CheckpointVerifier.Depth.SIZES);
    if (present.isPresent() && present.get().manifest().attempt().equals(manifest.attempt())) {
      throw new IOException(
          "Cannot commit checkpoint "
              + present.get().folder()
              + ": attempt "
              + manifest.attempt()
              + " has committed it already");
    }
  }

  private void removeOtherAttempts(String stepFolder, CheckpointManifest manifest)
      throws IOException {
    Set<String> own = new HashSet<>(Set.of(CheckpointLayout.MANIFEST));
    manifest.files().forEach(file -> own.add(file.name()));
    for (FileEntry entry : store.list(stepFolder)) {
      if (!own.contains(entry.name())) {
        store.delete(entry.path());
      }
    }
  }

  /**
   * Removes all but the newest {@code keep} valid checkpoints, and torn ones older than the newest
   * valid one. 0 keeps all. The newest valid one always stays.
   */
  public void prune(int keep) throws IOException {
    if (keep < 0) {
      throw new IllegalArgumentException(
          "Invalid save_total_limit: " + keep + " (must be >= 0; 0 keeps all)");
    }
    if (keep == 0) {
      return;
    }
    int valid = 0;
    for (long step : stepsNewestFirst()) {
      boolean trusted = valid > 0 || committedHere.contains(step);
      CheckpointVerifier.Depth depth =
          trusted ? CheckpointVerifier.Depth.SIZES : CheckpointVerifier.Depth.CHECKSUMS;
      boolean isValid = look(step, depth).isPresent();
      if (valid >= keep || valid > 0 && !isValid) {
        remove(step);
      } else if (isValid) {
        valid++;
      }
    }
  }

  /**
   * Removes every checkpoint after a step, torn or whole: what a run must do before it goes on from
   * that step, or a later resume would take up the abandoned future.
   */
  public void discardAfter(long step) throws IOException {
    for (long found : stepsNewestFirst()) {
      if (found > step) {
        remove(found);
      }
    }
  }

  /** The marker goes first, so that a removal cut short leaves nothing that looks whole. */
  private void remove(long step) throws IOException {
    String stepFolder = CheckpointLayout.stepFolder(folder, step);
    store.delete(FileStore.join(stepFolder, CheckpointLayout.MANIFEST));
    store.delete(stepFolder);
    committedHere.remove(step);
  }

  private Optional<Checkpoint> look(long step, CheckpointVerifier.Depth depth) throws IOException {
    String stepFolder = CheckpointLayout.stepFolder(folder, step);
    try {
      Checkpoint checkpoint = verifier.verify(stepFolder, depth);
      if (checkpoint.step() != step) {
        throw new FormatException("its manifest is of step " + checkpoint.step());
      }
      return Optional.of(checkpoint);
    } catch (FormatException e) {
      warnings.accept("Skipping checkpoint " + stepFolder + ": " + e.getMessage());
      return Optional.empty();
    }
  }

  private List<Long> stepsNewestFirst() throws IOException {
    List<Long> steps = new ArrayList<>();
    for (FileEntry entry : store.list(folder)) {
      OptionalLong step = CheckpointLayout.step(entry.name());
      if (entry.folder() && step.isPresent()) {
        steps.add(step.getAsLong());
      }
    }
    steps.sort(Collections.reverseOrder());
    return steps;
  }
}
