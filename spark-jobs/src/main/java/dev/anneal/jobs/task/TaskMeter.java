package dev.anneal.jobs.task;

import java.util.Optional;
import org.apache.spark.TaskContext;
import org.apache.spark.TaskKilledException;
import org.apache.spark.deploy.SparkHadoopUtil;
import org.apache.spark.executor.InputMetrics;
import org.apache.spark.executor.OutputMetrics;
import scala.Function0;

/**
 * Tells Spark what the task of this thread reads and writes, so that its pages and our progress
 * show it, and ends the task that Spark wants ended. Does nothing on the driver. Confined to one
 * thread.
 */
public final class TaskMeter {
  private static final int ROWS_BETWEEN = 64;

  private final Optional<TaskContext> task;
  private final Optional<Function0<Object>> bytesOfThread;
  private long bytes;
  private int rows;

  private TaskMeter(Optional<TaskContext> task) {
    this.task = task;
    this.bytesOfThread = task.map(at -> SparkHadoopUtil.get().getFSBytesReadOnThreadCallback());
  }

  public static TaskMeter ofThread() {
    return new TaskMeter(Optional.ofNullable(TaskContext.get()));
  }

  /** One more row was read. */
  public void row() {
    if (task.isPresent()) {
      rows++;
      if (rows == ROWS_BETWEEN) {
        read();
      }
      if (task.get().isInterrupted()) {
        throw new TaskKilledException("not needed any more");
      }
    }
  }

  /** Tells what was read since the last time. */
  public void read() {
    if (task.isPresent()) {
      long now = (Long) bytesOfThread.get().apply();
      InputMetrics metrics = task.get().taskMetrics().inputMetrics();
      metrics.incBytesRead(now - bytes);
      metrics.incRecordsRead(rows);
      bytes = now;
      rows = 0;
    }
  }

  public void wrote(long moreBytes, long moreRecords) {
    if (task.isPresent()) {
      OutputMetrics metrics = task.get().taskMetrics().outputMetrics();
      metrics.setBytesWritten(metrics.bytesWritten() + moreBytes);
      metrics.setRecordsWritten(metrics.recordsWritten() + moreRecords);
    }
  }
}
