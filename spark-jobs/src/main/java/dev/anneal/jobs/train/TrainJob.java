package dev.anneal.jobs.train;

import dev.anneal.core.checkpoint.Checkpoint;
import dev.anneal.core.checkpoint.ResumeCheck;
import dev.anneal.core.config.MemorySize;
import dev.anneal.core.config.Redaction;
import dev.anneal.core.control.ControlServer;
import dev.anneal.core.control.Watchdog;
import dev.anneal.core.control.WatchdogLimits;
import dev.anneal.core.io.FileStore;
import dev.anneal.core.net.ListeningSocket;
import dev.anneal.core.peft.AdapterAgreement;
import dev.anneal.core.run.EvalFile;
import dev.anneal.core.run.MetricsFile;
import dev.anneal.core.run.RunFolder;
import dev.anneal.core.run.RunLock;
import dev.anneal.core.train.TrainingSetup;
import dev.anneal.jobs.config.AnnealConfig;
import dev.anneal.jobs.failure.RankFailedException;
import dev.anneal.jobs.io.FetchPlan;
import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.io.OutputPath;
import dev.anneal.jobs.job.Ending;
import dev.anneal.jobs.job.JobContext;
import dev.anneal.jobs.job.JobResult;
import dev.anneal.jobs.job.SparkJob;
import dev.anneal.jobs.placement.BarrierLauncher;
import dev.anneal.jobs.placement.DeviceCheck;
import dev.anneal.jobs.report.ConsoleProgress;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Trains: checks everything on the driver, places one rank a barrier task, records what they
 * report, and leaves adapter or model, metrics and report in the output folder.
 */
public final class TrainJob implements SparkJob {
  private static final Logger LOG = LoggerFactory.getLogger(TrainJob.class);
  private static final Duration COMMIT_TIMEOUT = Duration.ofMinutes(10);
  private static final String METRICS = RunFolder.METRICS;
  private static final String EVALUATIONS = "eval.jsonl";

  @Override
  public String name() {
    return "train";
  }

  @Override
  public String description() {
    return "shards + model -> adapter or model, checkpoints, metrics, report";
  }

  @Override
  public String outputFolder(AnnealConfig config) {
    return config.train().outputDir();
  }

  @Override
  public boolean placesRanks() {
    return true;
  }

  @Override
  public JobResult run(JobContext context) throws Exception {
    return train(context).result();
  }

  /** Trains, and gives what another report may show of it. */
  public TrainRun train(JobContext context) throws IOException {
    AnnealConfig config = context.config();
    String output = config.train().requireOutputDir();
    DeviceCheck.require(context.spark().sparkContext(), config.distributed(), context.natives());
    HadoopFileStore store =
        new HadoopFileStore(context.spark().sparkContext().hadoopConfiguration());
    OutputPath.require(store, output, "train.output_dir");
    FetchPlan fetching = FetchPlan.of(store, config.data());
    try (RunLock lock = RunLock.acquire(store, output);
        OpenedInputs inputs =
            OpenedInputs.forPlanning(
                TrainingSetup.of(config.training()), config.data(), fetching)) {
      inputs.model().warnings().forEach(LOG::warn);
      inputs
          .adapter()
          .ifPresent(
              adapter ->
                  AdapterAgreement.require(
                      config.adapter(), context.loaded()::isSet, adapter, inputs.model().config()));
      context.ending().commitsBy(lock);
      FileStore committed = lock.guard(store);
      RunFolder folder = new RunFolder(committed, output, line -> LOG.warn(Redaction.text(line)));
      Optional<Checkpoint> resume = folder.start(config.train().resumeFromCheckpoint());
      InputHashes hashes =
          InputHashes.of(
              context.spark(),
              TrainingSetup.of(config.training()),
              config.data(),
              inputs,
              fetching);
      RunFacts facts = RunFacts.of(config, inputs, hashes);
      resume.ifPresent(checkpoint -> ResumeCheck.requireSame(checkpoint, facts.fingerprint()));
      resume.ifPresent(checkpoint -> ResumeCheck.requireSameRow(checkpoint, facts.batches()));
      resume.ifPresent(
          checkpoint ->
              LOG.info(
                  "resume step={} checkpoint={}",
                  checkpoint.step(),
                  Redaction.text(checkpoint.folder())));
      LOG.info(
          "layer_backward={} recomputed_layers={} memory_per_rank={}",
          facts.layerBackward(),
          facts.memory().recomputedLayers(),
          new MemorySize(facts.memory().estimate().total()));
      LOG.info("group_by_length={}", facts.batches().groupedByLength());
      long firstStep = resume.map(Checkpoint::step).orElse(0L);
      if (facts.batches().globalBatch() > inputs.train().rowCount()) {
        LOG.warn(
            "data.train rows={} global_batch={}: every step takes all rows, and is an epoch",
            inputs.train().rowCount(),
            facts.batches().globalBatch());
      }
      Training training = new Training(context, fetching, lock, folder, facts, resume);
      if (training.isFinished(firstStep)) {
        return training.nothingToDo();
      }
      folder.checkpoints().discardAfter(resume.isPresent() ? firstStep : -1);
      committed.writeBytes(
          folder.child("config.resolved.conf"),
          context.loaded().rendered().getBytes(StandardCharsets.UTF_8));
      return training.run(firstStep);
    }
  }

  /** One training under way on the driver. */
  private record Training(
      JobContext context,
      FetchPlan fetching,
      RunLock lock,
      RunFolder folder,
      RunFacts facts,
      Optional<Checkpoint> resume) {

    private HadoopFileStore store() {
      return fetching.store();
    }

    TrainRun run(long firstStep) throws IOException {
      AnnealConfig config = context.config();
      FileStore committed = lock.guard(store());
      SampleAnswers samples = new SampleAnswers(context, fetching);
      RunReport report = new RunReport(context, committed, folder, facts, samples);
      report.before();
      samples.askBefore();
      Optional<RuntimeException> failure = Optional.empty();
      long end = firstStep;
      try (MetricsFile metrics = MetricsFile.open(committed, folder.child(METRICS), firstStep);
          EvalFile evaluations = EvalFile.open(committed, folder.child(EVALUATIONS), firstStep);
          ConsoleProgress progress =
              ConsoleProgress.onStandardError(
                  new ConsoleProgress.Settings(
                      "train",
                      Math.min(firstStep, facts.totalSteps()),
                      facts.totalSteps(),
                      config.train().loggingSteps()))) {
        end = ranks(metrics, evaluations, progress, firstStep);
        if (end == facts.totalSteps()) {
          samples.askAfter(facts.adapter());
        }
      } catch (RuntimeException e) {
        failure = Optional.of(e);
      }
      JobResult result = new TrainResult(facts, folder, config.adapter()).after(end);
      written(report, result, failure);
      return new TrainRun(result, report.training(), report.manifest());
    }

    /** Writes the report of whatever happened; throws the failure if there was one. */
    private void written(RunReport report, JobResult result, Optional<RuntimeException> failure)
        throws IOException {
      try {
        report.write(RunReport.outcome(result, failure));
      } catch (IOException | RuntimeException e) {
        if (failure.isEmpty()) {
          throw e;
        }
        failure.get().addSuppressed(e);
      }
      if (failure.isPresent()) {
        throw failure.get();
      }
    }

    /** Whether the run that is to go on has come to its end already. */
    boolean isFinished(long firstStep) throws IOException {
      return firstStep >= facts.totalSteps() && facts.finished(store(), folder);
    }

    TrainRun nothingToDo() {
      String message =
          folder.path() + ": finished at step " + facts.totalSteps() + " already, nothing to do";
      context.out().println(Redaction.text(message));
      RunReport report =
          new RunReport(context, store(), folder, facts, new SampleAnswers(context, fetching));
      return new TrainRun(
          new TrainResult(facts, folder, context.config().adapter()).finished(message),
          report.training(),
          report.manifest());
    }

    /** Has the ranks train, and gives the step after which they ended. */
    private long ranks(
        MetricsFile metrics, EvalFile evaluations, ConsoleProgress progress, long firstStep) {
      AnnealConfig config = context.config();
      BarrierLauncher launcher =
          new BarrierLauncher(context.spark(), config.distributed(), context.natives());
      Watchdog watchdog =
          new Watchdog(
              Clock.systemUTC(),
              config.distributed().worldSize(),
              new WatchdogLimits(
                  config.distributed().scheduleTimeout(),
                  config.distributed().joinTimeout(),
                  config.distributed().progressTimeout()));
      DriverFault fault = new DriverFault(launcher::cancel);
      lock.onLost(fault::raise);
      RunRecorder recorder =
          new RunRecorder(
              new RunRecorder.Outputs(metrics, evaluations, folder.checkpoints(), progress),
              watchdog,
              fault,
              facts.contents(config),
              firstStep);
      ListeningSocket socket =
          ControlSocket.open(config.distributed(), context.spark().sparkContext().getConf());
      try (ControlServer server =
              ControlServer.start(
                  socket, launcher.identity(), config.distributed().worldSize(), recorder);
          StallGuard guard = StallGuard.start(watchdog, server);
          Ending.Finishing stop =
              context
                  .ending()
                  .finishing(() -> recorder.endAfterStep(server), config.train().stopGrace())) {
        TrainPlan plan =
            new TrainPlan(
                TrainingSetup.of(config.training()),
                config.data(),
                fetching,
                server.address(),
                resume.map(Checkpoint::folder).orElse(""),
                COMMIT_TIMEOUT);
        List<TrainRank.Outcome> outcomes =
            launcher.run(new TrainRank(plan), recorder::committedStep);
        LOG.info("ranks={} finished at step={}", outcomes.size(), outcomes.get(0).step());
        fault.rethrow();
        return outcomes.get(0).step();
      } catch (RankFailedException e) {
        throw fault.causeOf(e);
      }
    }
  }
}
