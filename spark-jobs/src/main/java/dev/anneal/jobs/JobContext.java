package dev.anneal.jobs;

import dev.anneal.core.config.AnnealConfig;
import dev.anneal.core.config.LoadedConfig;
import dev.anneal.core.io.FileStore;
import dev.anneal.jobs.placement.NativeFolder;
import java.io.PrintStream;
import java.util.List;
import java.util.Objects;
import org.apache.spark.sql.SparkSession;

/**
 * What a job works with on the driver. Spark starts when a job first asks for it, so that jobs
 * without it start at once. Owned by the run of the job, which stops Spark. Not thread-safe.
 */
public final class JobContext {
  private final LoadedConfig<AnnealConfig> loaded;
  private final LazySpark spark;
  private final FileStore files;
  private final NativeFolder natives;
  private final PrintStream out;

  JobContext(
      LoadedConfig<AnnealConfig> loaded,
      LazySpark spark,
      FileStore files,
      NativeFolder natives,
      PrintStream out) {
    this.loaded = Objects.requireNonNull(loaded, "loaded");
    this.spark = Objects.requireNonNull(spark, "spark");
    this.files = Objects.requireNonNull(files, "files");
    this.natives = Objects.requireNonNull(natives, "natives");
    this.out = Objects.requireNonNull(out, "out");
  }

  /** The same surroundings for another job, configured by files and settings of its own. */
  public JobContext with(List<String> configFiles, List<String> settings) {
    LoadedConfig<AnnealConfig> other = new ConfigFiles(files).load(configFiles, settings);
    return new JobContext(other, spark, files, natives, out);
  }

  public AnnealConfig config() {
    return loaded.config();
  }

  /** The configuration with which keys were set, and its text for config.resolved.conf. */
  public LoadedConfig<AnnealConfig> loaded() {
    return loaded;
  }

  /** The session, started by the first call. */
  public SparkSession spark() {
    return spark.session();
  }

  /** Local paths, and whatever Hadoop reads. */
  public FileStore files() {
    return files;
  }

  /** Where the native libraries lie; travels to executors in closures. */
  public NativeFolder natives() {
    return natives;
  }

  /** For results people read; progress and logs go elsewhere. */
  public PrintStream out() {
    return out;
  }

  /** Whether a person is watching: progress bars instead of plain lines. */
  public boolean interactive() {
    return System.console() != null;
  }
}
