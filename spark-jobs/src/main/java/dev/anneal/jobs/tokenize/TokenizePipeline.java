package dev.anneal.jobs.tokenize;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.Redaction;
import dev.anneal.core.data.ShardManifest;
import dev.anneal.core.run.RunLock;
import dev.anneal.data.config.TokenizeConfig;
import dev.anneal.data.shard.ShardFolderWriter;
import dev.anneal.data.tokenize.TokenizerEngine;
import dev.anneal.jobs.corpus.Corpus;
import dev.anneal.jobs.corpus.CorpusSplit;
import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.io.OutputPath;
import dev.anneal.jobs.report.WorkProgress;
import dev.anneal.jobs.task.TaskRun;
import dev.anneal.jobs.tokenize.choose.Decisions;
import dev.anneal.jobs.tokenize.choose.Preparation;
import dev.anneal.jobs.tokenize.choose.StepsKey;
import dev.anneal.jobs.tokenize.encode.EncoderPlan;
import dev.anneal.jobs.tokenize.map.ShuffledStaging;
import dev.anneal.jobs.tokenize.map.SplitPhase;
import dev.anneal.jobs.tokenize.output.OutputFolder;
import dev.anneal.jobs.tokenize.output.OutputSet;
import dev.anneal.jobs.tokenize.report.DroppedRows;
import dev.anneal.jobs.tokenize.report.InputCounts;
import dev.anneal.jobs.tokenize.report.TokenizeFacts;
import dev.anneal.jobs.tokenize.report.TokenizeReport;
import dev.anneal.jobs.tokenize.report.TokenizeReportPage;
import dev.anneal.jobs.tokenize.staging.StagedSplit;
import dev.anneal.jobs.tokenize.staging.StagingFolder;
import dev.anneal.jobs.tokenize.tally.SplitCounts;
import dev.anneal.jobs.tokenize.write.FormatCompletion;
import dev.anneal.jobs.tokenize.write.OutputFormats;
import dev.anneal.jobs.tokenize.write.ShardPlans;
import dev.anneal.jobs.tokenize.write.ShardTask;
import dev.anneal.jobs.tokenize.write.WrittenShard;
import dev.anneal.jobs.tokenizer.OpenTokenizers;
import dev.anneal.jobs.tokenizer.TokenizerFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.api.java.JavaSparkContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The tokenize job from a configuration to a finished shard folder. Runs on the driver, one thread;
 * the Spark context belongs to the caller.
 */
public final class TokenizePipeline {
  private static final Logger LOG = LoggerFactory.getLogger(TokenizePipeline.class);

  private final JavaSparkContext spark;
  private final HadoopFileStore store;
  private final TokenizeConfig config;
  private final OutputFolder output;
  private final OutputSet set;

  public TokenizePipeline(JavaSparkContext spark, TokenizeConfig config) {
    this(spark, config, OutputSet.ALL);
  }

  /**
   * @param set the part of the documents to write
   */
  TokenizePipeline(JavaSparkContext spark, TokenizeConfig config, OutputSet set) {
    this.set = set;
    this.spark = spark;
    this.store = new HadoopFileStore(spark.hadoopConfiguration());
    this.config = config;
    this.output = new OutputFolder(store, config.requireOutput());
  }

  /** Tokenizes, or finds that the folder holds just this already. */
  public TokenizeOutcome run() throws IOException {
    long start = System.nanoTime();
    OutputPath.require(store, config.output(), "tokenize.output");
    OutputFormats.require(config);
    TokenizerFiles files =
        TokenizerFiles.read(store, config.requireTokenizer(), "tokenize.tokenizer");
    Opened found = open(files);
    Corpus listed = Corpus.list(config, spark);
    Map<String, String> steps = StepsKey.of(config, set, spark, store);
    RunDates dates = new RunDates(store, output, set.shared());
    CorpusOrigin made = new CorpusOrigin(listed, config, steps);
    EncoderPlan plan = dates.of(found.plan(), made::by);
    Opened opened = new Opened(plan, found.engine());
    ShardManifest.Origin origin = made.by(plan);
    Optional<ShardManifest> finished = output.finished(origin);
    if (finished.isPresent()) {
      removeLeftovers();
      return upToDate(finished.get());
    }
    try (RunLock lock = output.lock()) {
      finished = output.finished(origin); // another driver may have been here before the lock
      if (finished.isPresent()) {
        return upToDate(finished.get());
      }
      StagingFolder staging =
          StagingFolder.of(store, output.own(""), origin, Decisions.compareSplits(config));
      output.clear(staging.name());
      dates.keep(staging.path(), plan);
      return guarded(staging, new Work(files, opened, listed, origin, start), lock);
    }
  }

  /** A driver that was killed after its last word left what it would have removed. */
  private void removeLeftovers() throws IOException {
    if (!output.hasLeftovers()) {
      return;
    }
    try (RunLock lock = output.lock()) {
      output.removeStaging();
    } catch (IOException | ConfigException e) {
      LOG.warn(
          "Cannot remove what is left of a run in {}: {}", shown(), Redaction.text(e.toString()));
    }
  }

  private String shown() {
    return Redaction.text(config.output());
  }

  private TokenizeOutcome upToDate(ShardManifest manifest) {
    LOG.info("output={} is up to date: nothing to do", shown());
    return new TokenizeOutcome(manifest, true, 0, output.own("report.json"));
  }

  /** What a run that has something to do works on. */
  private record Work(
      TokenizerFiles files,
      Opened opened,
      Corpus listed,
      ShardManifest.Origin origin,
      long start) {}

  /** What the tokenizer says before any task starts. */
  private record Opened(EncoderPlan plan, TokenizerEngine engine) {}

  /**
   * Leaves the staged splits of a run that failed for the next one, which may have a mended file or
   * a higher tokenize.max_bad_ratio; and the quarantine, which says what to mend.
   */
  private TokenizeOutcome guarded(StagingFolder staging, Work work, RunLock lock)
      throws IOException {
    boolean complete = false;
    try {
      TokenizeOutcome outcome = make(staging, work, lock);
      complete = true;
      return outcome;
    } finally { // Spark throws checked exceptions without declaring them
      if (!complete) {
        removeUnfinished(staging, lock);
      }
    }
  }

  /** A failure here must not hide the first one; a folder that was taken over stays as it is. */
  private void removeUnfinished(StagingFolder staging, RunLock lock) {
    try {
      lock.requireHeld();
      output.removeShards();
      if (staging.isWorthless()) {
        staging.remove();
      }
    } catch (IOException | RuntimeException e) {
      LOG.warn("Cannot remove unfinished files of {}: {}", shown(), Redaction.text(e.toString()));
    }
  }

  private TokenizeOutcome make(StagingFolder staging, Work work, RunLock lock) throws IOException {
    Preparation prepared =
        Preparation.of(
            spark, store, config, set, new Preparation.PlacedCorpus(work.listed(), staging.path()));
    List<CorpusSplit> splits = prepared.splits();
    long begin = System.nanoTime();
    SplitPhase phase = new SplitPhase(spark, store, config, output);
    List<StagedSplit> staged = phase.run(staging, work.files(), work.opened().plan(), prepared);
    DroppedRows.write(store, output.own(DroppedRows.FILE), splits, staged);
    SplitCounts total =
        staged.stream().map(StagedSplit::counts).reduce(SplitCounts.ZERO, SplitCounts::plus);
    phase.requireRows(splits, staged, total.rows());
    set.requireTokens(total, config.split());
    work.opened().plan().requireMask(total);
    List<InputCounts> inputs = InputCounts.of(prepared.corpus(), splits, staged, set);
    long tokenized = System.nanoTime();
    lock.requireHeld();
    ShardPlans plans = ShardPlans.of(config, work.opened().plan(), ordered(staging, work, staged));
    List<WrittenShard> written = write(staging, plans);
    lock.requireHeld();
    ShardManifest manifest =
        new FormatCompletion(store, config.output(), staging.path())
            .complete(plans, written, work.origin());
    long end = System.nanoTime();
    TokenizeFacts facts =
        new TokenizeFacts(
            manifest,
            config,
            inputs,
            plans.droppedTokens(),
            work.opened().engine(),
            new TokenizeFacts.Timings(
                Duration.ofNanos(end - work.start()),
                Duration.ofNanos(tokenized - begin),
                Duration.ofNanos(end - tokenized)),
            staged,
            written);
    report(facts);
    new ShardFolderWriter(lock.guard(store)).publish(config.output(), manifest);
    staging.remove();
    return new TokenizeOutcome(manifest, false, total.bad(), output.own("report.json"));
  }

  /** Opens the tokenizer here first, so that its faults show before any task starts. */
  private Opened open(TokenizerFiles files) throws IOException {
    try (OpenTokenizers.Lease lease = OpenTokenizers.ofProcess().open(config, files)) {
      EncoderPlan plan = EncoderPlan.of(config, lease.folder(), lease.tokenizer());
      return new Opened(plan, lease.tokenizer().engine());
    }
  }

  /** The staged documents in the order in which they are written. */
  private List<StagedSplit> ordered(StagingFolder staging, Work work, List<StagedSplit> staged) {
    boolean labels = work.opened().plan().hasLabels();
    return config.shuffle().enabled()
        ? new ShuffledStaging(store, staging.path(), labels, config.shuffle().seed())
            .of(spark, staged)
        : staged;
  }

  private List<WrittenShard> write(StagingFolder staging, ShardPlans plans) {
    LOG.info("output={} shards={} writing", shown(), plans.plans().size());
    ShardTask task = new ShardTask(store, config.output(), staging.path());
    spark.sc().setJobDescription("write shards");
    int count = plans.plans().size();
    WorkProgress.Work work = new WorkProgress.Work("write", "files", count);
    try (WorkProgress progress = WorkProgress.onStandardError(work)) {
      int[] done = new int[1];
      return List.copyOf(
          new TaskRun(spark)
              .run(
                  plans.plans(),
                  task,
                  WrittenShard.class,
                  shard -> {
                    progress.at(++done[0], "format=" + shard.format());
                    return false;
                  })
              .values());
    }
  }

  private void report(TokenizeFacts facts) throws IOException {
    String json = TokenizeReport.json(facts);
    store.writeBytes(output.own("report.json"), json.getBytes(StandardCharsets.UTF_8));
    TokenizeReportPage.of(facts, config.output()).write(store, output.own("report.html"));
  }
}
