package dev.anneal.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.anneal.core.checkpoint.CheckpointStore;
import dev.anneal.core.control.ControlMessage;
import dev.anneal.core.control.Member;
import dev.anneal.core.control.Watchdog;
import dev.anneal.core.control.WatchdogLimits;
import dev.anneal.core.data.BatchPlan;
import dev.anneal.core.data.EpochOrder;
import dev.anneal.core.io.FileEntry;
import dev.anneal.core.io.FileStore;
import dev.anneal.core.io.LocalFileStore;
import dev.anneal.core.run.EvalFile;
import dev.anneal.core.run.MetricsFile;
import dev.anneal.core.run.StepMetrics;
import dev.anneal.core.train.TrainState;
import dev.anneal.jobs.report.ConsoleProgress;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunRecorderTest {
  private static final Member RANK = new Member(0, 0);

  @TempDir Path folder;

  private final AtomicInteger ended = new AtomicInteger();
  private final DriverFault fault = new DriverFault(ended::incrementAndGet);

  /** A disk with room for so many more bytes of lines. */
  private static final class FullDisk implements FileStore {
    private final LocalFileStore disk = new LocalFileStore();
    private int room;

    FullDisk(int room) {
      this.room = room;
    }

    @Override
    public Optional<OutputStream> append(String path) throws IOException {
      return disk.append(path).map(file -> limited(file, path));
    }

    private OutputStream limited(OutputStream file, String path) {
      return new FilterOutputStream(file) {
        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
          room -= length;
          if (room < 0) {
            throw new IOException("Cannot write " + path + ": No space left on device");
          }
          out.write(bytes, offset, length);
        }
      };
    }

    @Override
    public InputStream open(String path) throws IOException {
      return disk.open(path);
    }

    @Override
    public OutputStream create(String path) throws IOException {
      return disk.create(path);
    }

    @Override
    public boolean exists(String path) {
      return disk.exists(path);
    }

    @Override
    public List<FileEntry> list(String path) throws IOException {
      return disk.list(path);
    }

    @Override
    public void delete(String path) throws IOException {
      disk.delete(path);
    }
  }

  private String path(String name) {
    return folder.resolve(name).toString();
  }

  private RunRecorder recorder(FileStore store, MetricsFile metrics, EvalFile evaluations) {
    RunRecorder.Outputs outputs =
        new RunRecorder.Outputs(
            metrics,
            evaluations,
            new CheckpointStore(store, path("checkpoints"), line -> {}),
            ConsoleProgress.onStandardError(new ConsoleProgress.Settings("test", 0, 9, 100)));
    Duration minute = Duration.ofMinutes(1);
    Watchdog watchdog =
        new Watchdog(Clock.systemUTC(), 1, new WatchdogLimits(minute, minute, minute));
    BatchPlan batches = new BatchPlan(EpochOrder.asStored(8), 2, 1, 1);
    RunRecorder.Contents contents = new RunRecorder.Contents(Map.of(), Map.of(), batches, 42, 0);
    return new RunRecorder(outputs, watchdog, fault, contents, 0);
  }

  private static ControlMessage step(long step) {
    return new ControlMessage.StepDone(new StepMetrics(step, 1.5, 1e-3, 1, 8, 7, 100, 0.1, 1e6));
  }

  @Test
  void aFullDiskUnderTheMetricsEndsTheRun() {
    FileStore store = new FullDisk(400);
    try (MetricsFile metrics = MetricsFile.open(store, path("metrics.jsonl"), 0);
        EvalFile evaluations = EvalFile.open(store, path("eval.jsonl"), 0)) {
      RunRecorder recorder = recorder(store, metrics, evaluations);
      recorder.received(RANK, step(1));
      recorder.received(RANK, step(2));
      assertThat(ended).hasValue(0);
      assertThatThrownBy(() -> recorder.received(RANK, step(3)))
          .isInstanceOf(UncheckedIOException.class)
          .hasMessageContaining("metrics.jsonl: No space left on device");
      assertThat(ended).as("the ranks were ended").hasValue(1);

      assertThatThrownBy(() -> recorder.received(RANK, step(4)))
          .hasMessageStartingWith("Cannot go on: ");
      CommitRequest request =
          new CommitRequest(
              new TrainState(4, 32, 28),
              new CommitRequest.Origin(1, "a", "blas"),
              new ObjectMapper().createArrayNode());
      ControlMessage written = new ControlMessage.CheckpointWritten(4, 0, request.toJson());
      assertThatThrownBy(() -> recorder.received(RANK, written))
          .as("a checkpoint that would leave lines out")
          .hasMessageStartingWith("Cannot go on: ");
      assertThat(ended).hasValue(1);
    }
    assertThat(MetricsFile.read(store, path("metrics.jsonl"))).hasSize(2);
    assertThat(new LocalFileStore().exists(path("checkpoints"))).isFalse();
  }

  @Test
  void theFirstFaultSpeaksForTheRun() {
    RuntimeException ranksEnd = new IllegalStateException("ranks were cancelled");
    assertThat(fault.causeOf(ranksEnd)).isSameAs(ranksEnd);
    RuntimeException first = new IllegalStateException("first");
    fault.raise(first);
    fault.raise(new IllegalStateException("second"));
    assertThat(fault.causeOf(ranksEnd)).isSameAs(first).hasSuppressedException(ranksEnd);
    assertThat(ended).hasValue(1);
  }
}
