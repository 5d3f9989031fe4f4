package dev.anneal.jobs.train;

import dev.anneal.core.io.FileStore;
import dev.anneal.core.io.Sha256;
import dev.anneal.core.report.HtmlReport;
import dev.anneal.core.report.ReportData;
import dev.anneal.core.report.TrainingFacts;
import dev.anneal.core.report.TrainingReport;
import dev.anneal.core.run.BuildVersion;
import dev.anneal.core.run.EvalFile;
import dev.anneal.core.run.MetricsFile;
import dev.anneal.core.run.Platform;
import dev.anneal.core.run.RunFolder;
import dev.anneal.core.run.RunManifest;
import dev.anneal.core.tensor.TensorRuntime;
import dev.anneal.jobs.config.AnnealConfig;
import dev.anneal.jobs.failure.ExitCode;
import dev.anneal.jobs.job.JobContext;
import dev.anneal.jobs.job.JobResult;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Writes report.html and run.json of a training, also of one that failed. */
final class RunReport {
  static final String FILE = "report.html";
  private static final String MANIFEST = "run.json";

  private final JobContext context;
  private final FileStore store;
  private final RunFolder folder;
  private final RunFacts facts;
  private final SampleAnswers samples;
  private final Instant startedAt = Instant.now();

  RunReport(
      JobContext context,
      FileStore store,
      RunFolder folder,
      RunFacts facts,
      SampleAnswers samples) {
    this.samples = samples;
    this.context = context;
    this.store = store;
    this.folder = folder;
    this.facts = facts;
  }

  /** Writes the provenance before the first step, so that a killed run has it too. */
  void before() throws IOException {
    store.writeBytes(folder.child(MANIFEST), manifest().toJson().getBytes(StandardCharsets.UTF_8));
  }

  /** How a run ended that has a result, or a failure instead. */
  static ReportData.Outcome outcome(JobResult result, Optional<RuntimeException> failure) {
    if (failure.isPresent()) {
      return new ReportData.Outcome(
          ReportData.State.FAILED, String.valueOf(failure.get().getMessage()));
    }
    return result.code() == ExitCode.OK
        ? ReportData.Outcome.completed()
        : new ReportData.Outcome(ReportData.State.STOPPED_EARLY, result.message());
  }

  /** Writes the report from what is on disk. */
  void write(ReportData.Outcome outcome) throws IOException {
    HtmlReport.write(
        store,
        folder.child(FILE),
        new ReportData(
            Path.of(folder.path()).getFileName().toString(),
            outcome,
            List.of(training()),
            samples.scores(),
            samples.comparisons(),
            manifest(),
            context.loaded().rendered()));
  }

  /** The training as a report shows it, from what is on disk. */
  TrainingReport training() {
    AnnealConfig config = context.config();
    return new TrainingReport(
        title(config),
        trainingFacts(config),
        MetricsFile.read(store, folder.child(RunFolder.METRICS)),
        EvalFile.read(store, folder.child("eval.jsonl")));
  }

  private String title(AnnealConfig config) {
    return facts.adapter() ? "LoRA" : config.model().fromScratch() ? "From scratch" : "Full tuning";
  }

  private TrainingFacts trainingFacts(AnnealConfig config) {
    return TrainingFacts.of(
        config.training(),
        facts.config(),
        new TrainingFacts.Measured(
            facts.trainableParameters(),
            facts.totalSteps(),
            Duration.between(startedAt, Instant.now())));
  }

  RunManifest manifest() {
    AnnealConfig config = context.config();
    List<RunManifest.Source> data = new ArrayList<>();
    for (int i = 0; i < config.data().train().size(); i++) {
      data.add(new RunManifest.Source(config.data().train().get(i), facts.dataHashes().get(i)));
    }
    return new RunManifest(
        BuildVersion.current(),
        startedAt,
        Sha256.of(context.loaded().rendered().getBytes(StandardCharsets.UTF_8)),
        new RunManifest.Source(config.model().path(), facts.modelHash()),
        data,
        config.train().seed(),
        config.distributed().worldSize(),
        TensorRuntime.libtorchVersion(),
        Platform.current());
  }
}
