package dev.anneal.jobs.tokenize.map;

import dev.anneal.core.config.Redaction;
import dev.anneal.data.config.TokenizeConfig;
import dev.anneal.jobs.corpus.CorpusSplit;
import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.task.JavaBytes;
import dev.anneal.jobs.task.TaskRun;
import dev.anneal.jobs.tokenize.choose.Preparation;
import dev.anneal.jobs.tokenize.encode.EncoderPlan;
import dev.anneal.jobs.tokenize.output.OutputFolder;
import dev.anneal.jobs.tokenize.report.Quarantine;
import dev.anneal.jobs.tokenize.staging.SplitWork;
import dev.anneal.jobs.tokenize.staging.StagedSplit;
import dev.anneal.jobs.tokenize.staging.StagingFolder;
import dev.anneal.jobs.tokenizer.TokenizerFiles;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Phase one of the job: a task a split, until all are staged or a row is met that ends the run. One
 * thread, the driver's.
 */
public record SplitPhase(
    JavaSparkContext spark, HadoopFileStore store, TokenizeConfig config, OutputFolder output) {
  private static final Logger LOG = LoggerFactory.getLogger(SplitPhase.class);

  /** All splits, in their order. */
  public List<StagedSplit> run(
      StagingFolder staging, TokenizerFiles files, EncoderPlan plan, Preparation prepared)
      throws IOException {
    List<SplitWork> tasks = staging.work(prepared.splits());
    LOG.info(
        "output={} splits={} staged_before={} tokenizing",
        Redaction.text(config.output()),
        tasks.size(),
        tasks.stream().filter(task -> !task.staged().isEmpty()).count());
    Broadcast<byte[]> tokenizer = spark.broadcast(JavaBytes.of(files));
    Map<Integer, StagedSplit> staged;
    try {
      SplitTokenizer task =
          new SplitTokenizer(store, tokenizer, plan, prepared.steps(), staging.path());
      staged = run(tasks, task, prepared.splits());
    } finally {
      tokenizer.destroy();
    }
    if (staged.values().stream().anyMatch(this::endsTheRun)) {
      FirstBadRow.Found bad = new FirstBadRow(spark, store).among(prepared.splits(), staged);
      requireRows(bad.splits(), bad.staged(), 0);
    }
    return List.copyOf(staged.values());
  }

  private Map<Integer, StagedSplit> run(
      List<SplitWork> tasks, SplitTokenizer task, List<CorpusSplit> splits) {
    spark.sc().setJobDescription("tokenize splits");
    try (SplitProgress progress = new SplitProgress(spark.sc(), splits)) {
      return new TaskRun(spark)
          .run(
              tasks,
              task,
              StagedSplit.class,
              split -> {
                progress.done(split);
                return endsTheRun(split);
              });
    }
  }

  private boolean endsTheRun(StagedSplit split) {
    return config.maxBadRatio() == 0 && split.counts().bad() > 0;
  }

  /** Writes the bad rows of splits into the quarantine, and fails when they are too many. */
  public void requireRows(List<CorpusSplit> splits, List<StagedSplit> staged, long allRows)
      throws IOException {
    Quarantine quarantine = new Quarantine(store, output.own(Quarantine.FOLDER));
    quarantine.write(splits, staged);
    quarantine.require(config, allRows);
  }
}
