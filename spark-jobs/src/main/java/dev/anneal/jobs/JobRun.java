package dev.anneal.jobs;

import dev.anneal.core.config.AnnealConfig;
import dev.anneal.core.config.LoadedConfig;
import dev.anneal.core.io.FileStore;
import dev.anneal.jobs.placement.NativeFolder;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One run of a job from its arguments to its exit code: loads, runs, reports, stops Spark. */
final class JobRun {
  private static final Logger LOG = LoggerFactory.getLogger(JobRun.class);

  private final SparkJob job;
  private final Supplier<FileStore> store;
  private final PrintStream out;
  private final PrintStream err;
  private final Clock clock;

  JobRun(SparkJob job, Supplier<FileStore> store, PrintStream out, PrintStream err, Clock clock) {
    this.job = job;
    this.store = store;
    this.out = out;
    this.err = err;
    this.clock = clock;
  }

  ExitCode run(List<String> configFiles, List<String> settings) {
    Instant started = clock.instant();
    FileStore files = store.get();
    ConfigFiles configuration = new ConfigFiles(files);
    LoadedConfig<AnnealConfig> loaded;
    try {
      loaded = configuration.load(configFiles, settings);
    } catch (RuntimeException e) {
      Failure failure = Failure.of(e);
      reported(e, failure);
      String folder = job.outputFolder(configuration.outputsOnly());
      return written(
          new ResultFile(files, job.name(), folder, started),
          JobResult.of(failure.code(), failure.message()));
    }
    for (String notice : loaded.notices()) {
      LOG.info(notice);
    }
    String folder = job.outputFolder(loaded.config());
    ResultFile resultFile = new ResultFile(files, job.name(), folder, started);
    // Whoever comes first, the end of the job or a signal, writes the result.
    AtomicBoolean ended = new AtomicBoolean();
    Thread onSignal = new Thread(() -> interrupted(resultFile, ended), "anneal-interrupted");
    Runtime.getRuntime().addShutdownHook(onSignal);
    JobResult result = execute(loaded, files);
    return ended.compareAndSet(false, true) ? written(resultFile, result) : ExitCode.INTERRUPTED;
  }

  private JobResult execute(LoadedConfig<AnnealConfig> loaded, FileStore files) {
    try (LazySpark spark = new LazySpark(job, loaded.config().distributed())) {
      NativeFolder natives = NativeFolder.beside(JobRun.class);
      natives.use();
      JobResult result = job.run(new JobContext(loaded, spark, files, natives, out));
      if (result.code() != ExitCode.OK) {
        err.println("Error: " + result.message());
      }
      return result;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return JobResult.of(reported(e, Failure.of(e)), "interrupted");
    } catch (Exception | LinkageError | OutOfMemoryError e) {
      Failure failure = Failure.of(e);
      reported(e, failure);
      return JobResult.of(failure.code(), failure.message());
    }
  }

  private ExitCode reported(Throwable thrown, Failure failure) {
    if (!failure.explained()) {
      thrown.printStackTrace(err);
    }
    err.println("Error: " + failure.message());
    return failure.code();
  }

  private ExitCode written(ResultFile file, JobResult result) {
    try {
      file.write(result, clock.instant());
      return result.code();
    } catch (IOException | RuntimeException e) {
      err.println("Error: Cannot write " + ResultFile.NAME + ": " + e.getMessage());
      return result.code() == ExitCode.OK ? ExitCode.INFRASTRUCTURE : result.code();
    }
  }

  /** A signal ends the process while the job runs: the folder still says what happened. */
  private void interrupted(ResultFile file, AtomicBoolean ended) {
    if (ended.compareAndSet(false, true)) {
      written(file, JobResult.of(ExitCode.INTERRUPTED, "stopped by a signal"));
    }
  }
}
