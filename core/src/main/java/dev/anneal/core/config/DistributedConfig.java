package dev.anneal.core.config;

import java.io.Serializable;
import java.time.Duration;

/**
 * Ranks and how they work together. Immutable.
 *
 * @param worldSize number of ranks
 * @param device where the ranks compute
 * @param zeroStage 0 replicates the optimizer; 1 and 2 give each rank its part
 * @param threadsPerRank arithmetic threads of a rank; 0 is the host's cores over its ranks
 * @param bucketMb size of the gradient buffers that travel as one collective
 * @param memoryPerRank most native memory of a rank, outside the Java heap
 * @param port ports the ranks listen on
 * @param controlBindAddress where the driver listens for its ranks; empty: as Spark's driver does
 * @param controlPort ports the driver listens on for its ranks
 * @param scheduleTimeoutSeconds until all ranks run
 * @param joinTimeoutSeconds until all running ranks found each other
 * @param operationTimeoutSeconds without a byte moved in a collective that all ranks take part in
 * @param progressTimeoutSeconds without a sign of progress of any rank
 */
public record DistributedConfig(
    int worldSize,
    DeviceChoice device,
    Backend backend,
    int zeroStage,
    int threadsPerRank,
    int bucketMb,
    MemorySize memoryPerRank,
    PortRange port,
    String controlBindAddress,
    PortRange controlPort,
    int scheduleTimeoutSeconds,
    int joinTimeoutSeconds,
    int operationTimeoutSeconds,
    int progressTimeoutSeconds)
    implements Serializable {

  /** Where ranks compute; AUTO is CUDA where the executors offer GPUs, the CPU otherwise. */
  public enum DeviceChoice {
    AUTO,
    CPU,
    CUDA
  }

  /** Transport of the collectives; AUTO is LOCAL in one JVM, NCCL on GPUs, TCP otherwise. */
  public enum Backend {
    AUTO,
    TCP,
    NCCL,
    LOCAL
  }

  public DistributedConfig {
    Rule.positive("distributed.world_size", worldSize);
    Rule.between("distributed.zero_stage", zeroStage, 0, 2);
    Rule.notNegative("distributed.threads_per_rank", threadsPerRank);
    Rule.positive("distributed.bucket_mb", bucketMb);
    Rule.positive("distributed.schedule_timeout_seconds", scheduleTimeoutSeconds);
    Rule.positive("distributed.join_timeout_seconds", joinTimeoutSeconds);
    Rule.positive("distributed.operation_timeout_seconds", operationTimeoutSeconds);
    Rule.positive("distributed.progress_timeout_seconds", progressTimeoutSeconds);
  }

  /** Arithmetic threads of a rank on this host, which shares its cores with others. */
  public int threads(int ranksOfHost) {
    int cores = Runtime.getRuntime().availableProcessors();
    return threadsPerRank > 0 ? threadsPerRank : Math.max(1, cores / ranksOfHost);
  }

  /** Elements of one gradient bucket. */
  public long bucketElements() {
    return bucketMb * (1L << 20) / Float.BYTES;
  }

  public Duration scheduleTimeout() {
    return Duration.ofSeconds(scheduleTimeoutSeconds);
  }

  public Duration joinTimeout() {
    return Duration.ofSeconds(joinTimeoutSeconds);
  }

  public Duration operationTimeout() {
    return Duration.ofSeconds(operationTimeoutSeconds);
  }

  public Duration progressTimeout() {
    return Duration.ofSeconds(progressTimeoutSeconds);
  }
}
