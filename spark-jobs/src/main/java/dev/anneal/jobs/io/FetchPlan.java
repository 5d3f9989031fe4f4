package dev.anneal.jobs.io;

import dev.anneal.core.config.DataConfig;
import java.io.Serializable;
import java.util.UUID;
import org.apache.spark.SparkEnv;

/**
 * Where a job's files come from, and how much of them a host may keep. All tasks of the job share
 * what is on their host. Immutable; travels to executors.
 *
 * @param run tells this job's files from another's
 * @param cacheMb most MiB of shards on a host, 0 for what its disks have
 */
public record FetchPlan(HadoopFileStore store, String run, int cacheMb) implements Serializable {
  private static final long MEBIBYTE = 1 << 20;

  /** For one job. */
  public static FetchPlan of(HadoopFileStore store, DataConfig data) {
    return new FetchPlan(store, UUID.randomUUID().toString(), data.cacheMb());
  }

  /** Files of this process; nothing is made before one of elsewhere is asked for. */
  public HostFiles open() {
    return new HostFiles(this);
  }

  /** The bound that the settings give; else none, which leaves it to the disks of a host. */
  HostCache.Bound bound() {
    return cacheMb > 0
        ? new HostCache.Bound(cacheMb * MEBIBYTE, "data.cache_mb = " + cacheMb)
        : HostCache.Bound.OF_DISKS;
  }

  /** Ranks may be started again in an executor, which then finds their files. */
  static boolean onExecutor() {
    return SparkEnv.get() != null && !"driver".equals(SparkEnv.get().executorId());
  }
}
