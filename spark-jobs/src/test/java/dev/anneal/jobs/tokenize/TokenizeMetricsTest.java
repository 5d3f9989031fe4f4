package dev.anneal.jobs.tokenize;

import static org.assertj.core.api.Assertions.assertThat;

import dev.anneal.core.data.ShardManifest;
import dev.anneal.data.config.InputConfig;
import dev.anneal.data.config.TokenizeConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import org.apache.spark.executor.TaskMetrics;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.junit.jupiter.api.Test;

/** What Spark's pages show of a run, and what a run does not start. */
class TokenizeMetricsTest extends TokenizeTest {

  /** Sums over all tasks. */
  private static final class Sums extends SparkListener {
    private long read;
    private long rowsRead;
    private long written;
    private long rowsWritten;

    @Override
    public synchronized void onTaskEnd(SparkListenerTaskEnd end) {
      TaskMetrics metrics = end.taskMetrics();
      read += metrics.inputMetrics().bytesRead();
      rowsRead += metrics.inputMetrics().recordsRead();
      written += metrics.outputMetrics().bytesWritten();
      rowsWritten += metrics.outputMetrics().recordsWritten();
    }
  }

  @Test
  void countsBytesAndRecordsOfTasks() throws Exception {
    String row = "{\"text\": \"some words of a document\"}\n";
    write("a.jsonl", row.repeat(1000));
    gzip("b.jsonl.gz", row.repeat(500));
    Sums sums = new Sums();
    spark().sc().addSparkListener(sums);
    ShardManifest made;
    try {
      made = run(new TestCorpus(output).input(corpus)).manifest();
      spark().sc().listenerBus().waitUntilEmpty();
    } finally {
      spark().sc().removeSparkListener(sums);
    }
    long corpusBytes =
        Files.size(corpus.resolve("a.jsonl")) + Files.size(corpus.resolve("b.jsonl.gz"));
    long tokenBytes = 4 * made.counts().tokens();
    long shardBytes = made.shards().stream().mapToLong(ShardManifest.Shard::bytes).sum();
    assertThat(sums.rowsRead).isEqualTo(1500);
    assertThat(sums.read).isBetween(corpusBytes + tokenBytes, corpusBytes + 2 * tokenBytes);
    assertThat(sums.written).isBetween(shardBytes + tokenBytes, shardBytes + 2 * tokenBytes);
    assertThat(sums.rowsWritten).isEqualTo(1500 + made.counts().rows());
  }

  @Test
  void startsNoProcess() throws Exception {
    write("a.jsonl", "{\"text\": \"some words\"}\n");
    TestCorpus settings = new TestCorpus(output).input(corpus);
    settings.inputs.add(
        new InputConfig(
            "",
            "SELECT concat('row ', id) AS text FROM range(50)",
            "",
            InputConfig.Format.AUTO,
            InputConfig.DatasetFormat.AUTO,
            1,
            Map.of()));
    settings.outputs = List.of(TokenizeConfig.Output.values());
    runChecked(settings); // Spark's own start of a session is not asked about
    TestCorpus again = new TestCorpus(temp.resolve("again"));
    again.inputs.addAll(settings.inputs);
    again.outputs = settings.outputs;
    assertThat(StartedProcesses.during(() -> runChecked(again))).isEmpty();
  }

  private static void runChecked(TestCorpus settings) throws IOException {
    assertThat(run(settings).manifest().counts().rows()).isPositive();
  }
}
