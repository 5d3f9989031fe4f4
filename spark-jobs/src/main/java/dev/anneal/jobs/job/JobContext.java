package dev.anneal.jobs.job;

import dev.anneal.core.config.LoadedConfig;
import dev.anneal.core.io.FileStore;
import dev.anneal.jobs.config.AnnealConfig;
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
  private final Surroundings around;

  /** What jobs share that run in one process. */
  public record Surroundings(
      LazySpark spark, FileStore files, NativeFolder natives, PrintStream out, Ending ending) {
    public Surroundings {
      Objects.requireNonNull(spark, "spark");
      Objects.requireNonNull(files, "files");
      Objects.requireNonNull(natives, "natives");
      Objects.requireNonNull(out, "out");
      Objects.requireNonNull(ending, "ending");
    }
  }

  public JobContext(LoadedConfig<AnnealConfig> loaded, Surroundings around) {
    this.loaded = Objects.requireNonNull(loaded, "loaded");
    this.around = Objects.requireNonNull(around, "around");
  }

  /** The same surroundings for another job, configured by files and settings of its own. */
  public JobContext with(List<String> configFiles, List<String> settings) {
    LoadedConfig<AnnealConfig> other = new ConfigFiles(files()).load(configFiles, settings);
    return new JobContext(other, around);
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
    return around.spark().session();
  }

  /** Local paths, and whatever Hadoop reads. */
  public FileStore files() {
    return around.files();
  }

  /** Where the native libraries lie; travels to executors in closures. */
  public NativeFolder natives() {
    return around.natives();
  }

  /** For results people read; progress and logs go elsewhere. */
  public PrintStream out() {
    return around.out();
  }

  /** What happens when the process is asked to end. */
  public Ending ending() {
    return around.ending();
  }

  /** Whether a person is watching: progress bars instead of plain lines. */
  public boolean interactive() {
    return System.console() != null;
  }
}
