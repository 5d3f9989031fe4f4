package dev.anneal.jobs.tokenize.output;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.data.ShardManifest;
import dev.anneal.core.data.ShardManifestParser;
import dev.anneal.core.io.FileEntry;
import dev.anneal.core.io.FileStore;
import dev.anneal.core.run.RunLock;
import dev.anneal.jobs.tokenize.staging.StagingFolder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The folder that the job writes: finished (it has a manifest), interrupted (it has our folder but
 * no manifest), free, or somebody else's. Nothing that is not ours is ever touched.
 */
public final class OutputFolder {
  private static final Set<String> NEUTRAL =
      Set.of("result.json", "config.resolved.conf", "report.html");

  private final FileStore store;
  private final OwnFiles ownFiles;
  private final String folder;

  public OutputFolder(FileStore store, String folder) {
    this.store = store;
    this.ownFiles = new OwnFiles(store);
    this.folder = folder;
  }

  /** Path of something in our own folder, or of that folder where the name is empty. */
  public String own(String name) {
    String own = FileStore.join(folder, ShardManifest.FOLDER);
    return name.isEmpty() ? own : FileStore.join(own, name);
  }

  /**
   * The manifest of a run with the same key, or empty when the folder is free, be it that an
   * interrupted run left something of ours. Changes nothing.
   *
   * @throws ConfigException when the folder holds something else, saying what differs
   */
  public Optional<ShardManifest> finished(ShardManifest.Origin wanted) throws IOException {
    String path = FileStore.join(folder, ShardManifest.PATH);
    if (store.exists(path)) {
      ShardManifest found = read(path);
      List<String> changes = OriginChanges.between(found.origin(), wanted);
      if (!changes.isEmpty()) {
        throw refused(
            "holds shards that were made otherwise: "
                + String.join("; ", changes)
                + " (choose another folder, or remove this one)");
      }
      requireShards(found);
      return Optional.of(found);
    }
    List<FileEntry> entries = store.list(folder);
    boolean interrupted =
        entries.stream().anyMatch(entry -> entry.name().equals(ShardManifest.FOLDER));
    for (FileEntry entry : entries) {
      boolean ours = interrupted && ownFiles.contains(entry);
      if (!ours && !isNeutral(entry)) {
        throw refused(
            "holds " + entry.name() + ", which no tokenize job made (choose an empty folder)");
      }
    }
    return Optional.empty();
  }

  /** An option of the run that made what the folder holds; empty for a folder that is not done. */
  public Optional<String> madeWith(String option) throws IOException {
    String path = FileStore.join(folder, ShardManifest.PATH);
    return store.exists(path)
        ? Optional.ofNullable(read(path).origin().options().get(option))
        : Optional.empty();
  }

  /**
   * Keeps other drivers out while this one writes. The lock lies in our own folder, which so says
   * that what is there is ours.
   */
  public RunLock lock() throws IOException {
    return RunLock.acquire(store, own(""), "tokenize.output");
  }

  /** Removes what an interrupted run left, but for one folder in ours and the lock. */
  public void clear(String kept) throws IOException {
    removeShards();
    for (FileEntry entry : store.list(own(""))) {
      if (!entry.name().equals(kept) && !entry.name().equals(RunLock.FILE)) {
        store.delete(entry.path());
      }
    }
  }

  /** Whether a finished folder still has the lock or the staged splits of the run that made it. */
  public boolean hasLeftovers() throws IOException {
    return store.list(own("")).stream().anyMatch(OutputFolder::isLeftover);
  }

  private static boolean isLeftover(FileEntry entry) {
    return entry.name().equals(RunLock.FILE) || entry.name().startsWith(StagingFolder.PREFIX);
  }

  /** Removes all staged splits. */
  public void removeStaging() throws IOException {
    for (FileEntry entry : store.list(own(""))) {
      if (entry.name().startsWith(StagingFolder.PREFIX)) {
        store.delete(entry.path());
      }
    }
  }

  /** Removes the shards of a run that did not finish. */
  public void removeShards() throws IOException {
    for (FileEntry entry : store.list(folder)) {
      if (ownFiles.contains(entry) && !entry.name().equals(ShardManifest.FOLDER)) {
        store.delete(entry.path());
      }
    }
  }

  private ShardManifest read(String path) throws IOException {
    try {
      String json = new String(store.readBytes(path), StandardCharsets.UTF_8);
      return ShardManifestParser.fromJson(json);
    } catch (IllegalArgumentException e) {
      throw refused("has an unreadable " + ShardManifest.PATH + ": " + e.getMessage());
    }
  }

  private void requireShards(ShardManifest manifest) throws IOException {
    Map<String, Long> found = new HashMap<>();
    for (FileEntry entry : store.list(folder)) {
      found.put(entry.name(), entry.sizeBytes());
    }
    for (ShardManifest.Output output : manifest.outputs()) {
      for (FileEntry entry : store.list(FileStore.join(folder, output.format()))) {
        found.put(FileStore.join(output.format(), entry.name()), entry.sizeBytes());
      }
    }
    for (ShardManifest.Shard shard : manifest.files()) {
      if (!Long.valueOf(shard.bytes()).equals(found.get(shard.file()))) {
        throw refused(
            "is damaged: "
                + shard.file()
                + " is missing or has another size (remove the folder to make it again)");
      }
    }
  }

  private ConfigException refused(String reason) {
    return new ConfigException("Invalid tokenize.output: " + folder + " " + reason);
  }

  /** What the command line leaves in every output folder. */
  public static boolean isNeutral(FileEntry entry) {
    return NEUTRAL.contains(entry.name());
  }
}
