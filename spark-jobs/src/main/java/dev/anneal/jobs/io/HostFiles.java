package dev.anneal.jobs.io;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.MemorySize;
import dev.anneal.core.data.ShardFiles;
import dev.anneal.core.data.ShardSet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A job's model folders and shards as this host has them: local ones in place, others fetched once
 * a host into Spark's local folders. Thread-safe; closing removes what was fetched, unless others
 * of the job use it or an executor may need it again.
 */
public final class HostFiles implements AutoCloseable {
  private final FetchPlan plan;
  private final List<Path> roots = SparkLocalFolders.ofProcess();
  private Optional<HostCache> cache = Optional.empty();

  HostFiles(FetchPlan plan) {
    this.plan = plan;
  }

  private synchronized HostCache cache() throws IOException {
    if (cache.isEmpty()) {
      boolean untilProcessEnds = FetchPlan.onExecutor();
      cache = Optional.of(new HostCache(roots, plan.run(), plan.bound(), untilProcessEnds));
    }
    return cache.get();
  }

  /**
   * A folder with all that a model or an adapter is loaded from.
   *
   * @param key the setting that named the folder, for messages
   */
  public Path folder(String folder, String key) throws IOException {
    return folder(folder, key, FetchedFolder.Depth.WHOLE);
  }

  /**
   * The same without the values of the weights: small files whole, of weight files the headers. A
   * local folder is given as it is.
   */
  public Path headers(String folder, String key) throws IOException {
    return folder(folder, key, FetchedFolder.Depth.HEADERS);
  }

  private Path folder(String folder, String key, FetchedFolder.Depth depth) throws IOException {
    Optional<Path> local = plan.store().localPath(folder);
    if (local.isEmpty()) {
      return new FetchedFolder(plan.store(), cache(), depth).of(folder, key);
    }
    if (!Files.isDirectory(local.get())) {
      throw new ConfigException(
          "Cannot read " + key + ": " + folder + " (no such folder on this machine)");
    }
    return local.get();
  }

  /**
   * The files of a shard folder; the caller closes them.
   *
   * @param keepsAll whether its rows are read in any order, so that all files must stay
   */
  public ShardFiles shards(String folder, String key, boolean keepsAll) throws IOException {
    Optional<Path> local = plan.store().localPath(folder);
    if (local.isPresent()) {
      return ShardFiles.of(folder(folder, key));
    }
    RemoteShardFiles remote = new RemoteShardFiles(plan.store(), cache(), folder, keepsAll);
    if (!remote.present()) {
      remote.close();
      throw new ConfigException("Cannot read " + key + ": " + folder + " (no such folder)");
    }
    return remote;
  }

  /**
   * Bytes that a host keeps of shards of elsewhere while they are read.
   *
   * @param rows read together by all ranks, in stored order; 0 for any order, which takes all files
   */
  public static long kept(ShardSet shards, long rows) {
    return rows == 0 ? sum(shards.remote()) : widest(shards.remote(), rows);
  }

  /** Refuses what a host cannot keep, by the settings or by what its disks have. */
  public void requireRoom(long bytes, boolean shuffled) throws IOException {
    if (bytes == 0) {
      return;
    }
    HostCache.Bound bound = cache().bound();
    if (bytes <= bound.bytes()) {
      return;
    }
    throw new ConfigException(
        "Cannot keep the shards of data.train and data.eval on a host: "
            + new MemorySize(bytes)
            + (shuffled ? " in shuffled order" : " at a time in stored order")
            + " (must be <= "
            + bound.source()
            + "; give more room"
            + (shuffled
                ? ", or set train.shuffle = false: rows that tokenize.shuffle has mixed are then"
                    + " read as they are stored, a few files at a time)"
                : ", or make smaller files by tokenize.shard_mb)"));
  }

  private static long sum(List<ShardSet.Remote> files) {
    return files.stream().mapToLong(ShardSet.Remote::bytes).sum();
  }

  /** Most bytes of neighbours that so many rows in a row touch, with the one behind them. */
  private static long widest(List<ShardSet.Remote> files, long rows) {
    long widest = 0;
    long bytes = 0;
    int end = 0;
    for (int first = 0; first < files.size(); first++) {
      long last = files.get(first).firstRow() + files.get(first).rows() + rows;
      while (end < files.size() && (end == 0 || files.get(end - 1).firstRow() < last)) {
        bytes += files.get(end).bytes();
        end++;
      }
      widest = Math.max(widest, bytes);
      bytes -= files.get(first).bytes();
    }
    return widest;
  }

  /** Whether the settings give the bound, for every host alike; else the disks of each do. */
  public boolean boundBySettings() {
    return plan.cacheMb() > 0;
  }

  @Override
  public synchronized void close() throws IOException {
    if (cache.isPresent()) {
      cache.get().close();
      cache = Optional.empty();
    }
  }
}
