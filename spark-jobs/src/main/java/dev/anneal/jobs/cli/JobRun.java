package dev.anneal.jobs.cli;

import dev.anneal.core.config.DistributedConfig.DeviceChoice;
import dev.anneal.core.config.LoadedConfig;
import dev.anneal.core.config.Redaction;
import dev.anneal.core.io.FileStore;
import dev.anneal.jobs.config.AnnealConfig;
import dev.anneal.jobs.failure.ExitCode;
import dev.anneal.jobs.failure.Failure;
import dev.anneal.jobs.job.ConfigFiles;
import dev.anneal.jobs.job.Ending;
import dev.anneal.jobs.job.JobContext;
import dev.anneal.jobs.job.JobResult;
import dev.anneal.jobs.job.LazySpark;
import dev.anneal.jobs.job.ResultFile;
import dev.anneal.jobs.job.SparkJob;
import dev.anneal.jobs.placement.NativeFolder;
import dev.anneal.jobs.placement.TerminationSignal;
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
public final class JobRun {
  private static final Logger LOG = LoggerFactory.getLogger(JobRun.class);

  private final SparkJob job;
  private final Supplier<FileStore> store;
  private final PrintStream out;
  private final PrintStream err;
  private final Clock clock;

  public JobRun(
      SparkJob job, Supplier<FileStore> store, PrintStream out, PrintStream err, Clock clock) {
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
      LOG.info(Redaction.text(notice));
    }
    if (!job.placesRanks() && loaded.config().distributed().device() == DeviceChoice.CUDA) {
      LOG.warn("distributed.device=cuda has no effect on {}", job.name());
    }
    String folder = job.outputFolder(loaded.config());
    ResultFile resultFile = new ResultFile(files, job.name(), folder, started);
    Ending ending = new Ending(() -> System.exit(ExitCode.INTERRUPTED.code()));
    // Whoever comes first, the end of the job or a signal, writes the result.
    AtomicBoolean ended = new AtomicBoolean();
    try (LastWord lastWord = LastWord.on(() -> interrupted(resultFile, ending, ended))) {
      TerminationSignal.handledBy(ending::request);
      End end = execute(loaded, files, ending);
      if (!ended.compareAndSet(false, true)) {
        return ExitCode.INTERRUPTED;
      }
      return end.recorded() ? written(resultFile, end.result()) : end.result().code();
    }
  }

  /**
   * How the job ended.
   *
   * @param recorded whether result.json says so; not in a folder that is another run's by now
   */
  private record End(JobResult result, boolean recorded) {}

  private End execute(LoadedConfig<AnnealConfig> loaded, FileStore files, Ending ending) {
    try (LazySpark spark = new LazySpark(job, loaded.config().distributed())) {
      NativeFolder natives = NativeFolder.beside(JobRun.class);
      natives.use();
      JobResult result =
          job.run(
              new JobContext(
                  loaded, new JobContext.Surroundings(spark, files, natives, out, ending)));
      if (result.code() != ExitCode.OK) {
        err.println("Error: " + Redaction.text(result.message()));
      }
      return new End(result, true);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new End(JobResult.of(reported(e, Failure.of(e)), "interrupted"), true);
    } catch (Exception | LinkageError | OutOfMemoryError e) {
      Failure failure = Failure.of(e);
      reported(e, failure);
      return new End(JobResult.of(failure.code(), failure.message()), !Failure.fenced(e));
    }
  }

  private ExitCode reported(Throwable thrown, Failure failure) {
    if (!failure.explained()) {
      err.print(Redaction.trace(thrown));
    }
    err.println("Error: " + Redaction.text(failure.message()));
    return failure.code();
  }

  private ExitCode written(ResultFile file, JobResult result) {
    try {
      file.write(result, clock.instant());
      return result.code();
    } catch (IOException | RuntimeException e) {
      String reason = Redaction.text(String.valueOf(e.getMessage()));
      err.println("Error: Cannot write " + ResultFile.NAME + ": " + reason);
      return result.code() == ExitCode.OK ? ExitCode.INFRASTRUCTURE : result.code();
    }
  }

  /** A signal ends the process while the job runs: the folder still says what happened. */
  private void interrupted(ResultFile file, Ending ending, AtomicBoolean ended) {
    if (ended.compareAndSet(false, true) && ending.mayRecord()) {
      written(file, JobResult.of(ExitCode.INTERRUPTED, "stopped by a signal"));
    }
  }
}
