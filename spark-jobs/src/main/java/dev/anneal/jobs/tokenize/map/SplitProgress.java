package dev.anneal.jobs.tokenize.map;

import dev.anneal.jobs.corpus.CorpusSplit;
import dev.anneal.jobs.report.WorkProgress;
import dev.anneal.jobs.tokenize.staging.StagedSplit;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.AccumulableInfo;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorMetricsUpdate;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import scala.Tuple4;
import scala.collection.JavaConverters;
import scala.collection.Seq;

/**
 * Shows how much of a corpus is tokenized: splits that are done count whole, those in the works by
 * what executors say in their heartbeats. Thread-safe; listens until it is closed.
 */
final class SplitProgress extends SparkListener implements AutoCloseable {
  private static final String BYTES_READ = "internal.metrics.input.bytesRead";
  private static final long MEGABYTE = 1_000_000;

  private final SparkContext spark;
  private final WorkProgress shown;
  private final List<CorpusSplit> splits;
  private final long total;
  private final long start = System.nanoTime();
  private final Map<Long, Long> inTheWorks = new HashMap<>(); // bytes by task
  private long doneBytes;
  private long done;
  private long tokens;
  private long tokensBefore; // of an earlier run

  SplitProgress(SparkContext spark, List<CorpusSplit> splits) {
    this.spark = spark;
    this.splits = splits;
    this.total = splits.stream().mapToLong(SplitProgress::bytes).sum();
    this.shown =
        WorkProgress.onStandardError(
            new WorkProgress.Work("tokenize", "megabytes", megabytes(total)));
    spark.addSparkListener(this);
  }

  private static long bytes(CorpusSplit split) {
    return split.slices().stream()
        .mapToLong(slice -> Math.min(slice.end(), slice.file().bytes()) - slice.start())
        .sum();
  }

  private static long megabytes(long bytes) {
    return (bytes + MEGABYTE - 1) / MEGABYTE;
  }

  synchronized void done(StagedSplit split) {
    done++;
    doneBytes += bytes(splits.get(split.index()));
    tokens += split.counts().tokens();
    tokensBefore += split.reused() ? split.counts().tokens() : 0;
    show();
  }

  @Override
  public synchronized void onTaskEnd(SparkListenerTaskEnd end) {
    inTheWorks.remove(end.taskInfo().taskId());
  }

  @Override
  public synchronized void onExecutorMetricsUpdate(SparkListenerExecutorMetricsUpdate update) {
    for (Tuple4<Object, Object, Object, Seq<AccumulableInfo>> task :
        JavaConverters.seqAsJavaList(update.accumUpdates())) {
      for (AccumulableInfo value : JavaConverters.seqAsJavaList(task._4())) {
        if (value.name().contains(BYTES_READ) && value.update().isDefined()) {
          inTheWorks.put((Long) task._1(), (Long) value.update().get());
        }
      }
    }
    show();
  }

  private void show() {
    long open = inTheWorks.values().stream().mapToLong(Long::longValue).sum();
    double seconds = (System.nanoTime() - start) / 1e9;
    String facts =
        String.format(
            Locale.ROOT,
            "splits=%d/%d tokens=%d tokens_per_second=%.0f",
            done,
            splits.size(),
            tokens,
            (tokens - tokensBefore) / seconds);
    shown.at(megabytes(Math.min(total, doneBytes + open)), facts);
  }

  @Override
  public void close() {
    spark.removeSparkListener(this);
    shown.close();
  }
}
