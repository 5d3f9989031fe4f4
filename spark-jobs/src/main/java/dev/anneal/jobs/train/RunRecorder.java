package dev.anneal.jobs.train;

import dev.anneal.core.checkpoint.CheckpointManifest;
import dev.anneal.core.checkpoint.CheckpointStore;
import dev.anneal.core.checkpoint.ResumeCheck;
import dev.anneal.core.checkpoint.TrainPosition;
import dev.anneal.core.control.ControlListener;
import dev.anneal.core.control.ControlMessage;
import dev.anneal.core.control.ControlServer;
import dev.anneal.core.control.Member;
import dev.anneal.core.control.Watchdog;
import dev.anneal.core.data.BatchPlan;
import dev.anneal.core.format.Shape;
import dev.anneal.core.run.EvalFile;
import dev.anneal.core.run.MetricsFile;
import dev.anneal.core.run.StepMetrics;
import dev.anneal.core.train.TrainState;
import dev.anneal.jobs.failure.StoppedException;
import dev.anneal.jobs.report.ConsoleProgress;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The driver's ear: writes metrics, commits and prunes checkpoints, shows progress. A step's line
 * is on disk before its checkpoint is committed, so that a resume finds every line it needs.
 * Thread-safe.
 */
final class RunRecorder implements ControlListener {
  private static final Logger LOG = LoggerFactory.getLogger(RunRecorder.class);
  private static final String TRAIN = "train";

  private final Outputs outputs;
  private final Watchdog watchdog;
  private final DriverFault fault;
  private final Contents contents;
  private long lastStep;
  private long committedStep;
  private int attempt;
  private boolean training;
  private boolean stopping;

  /**
   * What manifests say besides the ranks' files.
   *
   * @param keep checkpoints kept, 0 for all
   */
  record Contents(
      Map<String, Shape> parameters,
      Map<String, String> fingerprint,
      BatchPlan batches,
      long seed,
      int keep) {}

  /** Where the run is written down. Borrowed. */
  record Outputs(
      MetricsFile metrics,
      EvalFile evaluations,
      CheckpointStore checkpoints,
      ConsoleProgress progress) {}

  RunRecorder(
      Outputs outputs, Watchdog watchdog, DriverFault fault, Contents contents, long firstStep) {
    this.outputs = outputs;
    this.watchdog = watchdog;
    this.fault = fault;
    this.contents = contents;
    this.lastStep = firstStep;
    this.committedStep = firstStep;
  }

  @Override
  public void joined(Member member) {
    synchronized (this) {
      if (member.attempt() > attempt) {
        attempt = member.attempt();
        training = false;
        watchdog.restart();
        LOG.warn("attempt={} the ranks were started again", attempt);
      }
    }
    watchdog.joined(member.rank());
  }

  /** What cannot be recorded ends the run: no step may be missing from the folder. */
  @Override
  public void received(Member member, ControlMessage message) {
    Optional<RuntimeException> ended = fault.first();
    if (ended.isPresent()) {
      throw new IllegalStateException("Cannot go on: " + ended.get().getMessage());
    }
    try {
      record(member, message);
    } catch (IOException e) {
      UncheckedIOException failure = new UncheckedIOException(e.getMessage(), e);
      fault.raise(failure);
      throw failure;
    } catch (RuntimeException e) {
      fault.raise(e);
      throw e;
    }
  }

  private void record(Member member, ControlMessage message) throws IOException {
    if (message instanceof ControlMessage.StepDone done) {
      step(done.metrics());
      watchdog.progressed(member.rank(), done.metrics().step(), TRAIN);
      began(TRAIN);
    } else if (message instanceof ControlMessage.Heartbeat alive) {
      watchdog.progressed(member.rank(), alive.step(), alive.phase());
      began(alive.phase());
    } else if (message instanceof ControlMessage.EvalDone done) {
      outputs.evaluations.append(EvalMessage.fromJson(done.json()));
      outputs.evaluations.flush();
    } else if (message instanceof ControlMessage.CheckpointWritten written) {
      commit(CommitRequest.fromJson(written.payload()));
    } else if (message instanceof ControlMessage.Note note) {
      LOG.info(note.text());
    }
  }

  private synchronized void began(String phase) {
    training |= phase.equals(TRAIN);
  }

  /**
   * Has the ranks end after the step in progress, saved.
   *
   * @return false where they are in no step, so that there is nothing to save
   */
  boolean endAfterStep(ControlServer ranks) {
    synchronized (this) {
      if (!training) {
        return false;
      }
      stopping = true;
    }
    ranks.stop(
        new ControlMessage.Stop(
            ControlMessage.Stop.When.AFTER_STEP, "the driver was asked to end"));
    return true;
  }

  /** Steps that come again after a restart replace what the lost attempt wrote. */
  private synchronized void step(StepMetrics step) {
    if (step.step() <= lastStep) {
      outputs.metrics.cutAfter(step.step() - 1);
      outputs.evaluations.cutAfter(step.step() - 1);
      outputs.progress.backTo(step.step() - 1);
    }
    outputs.metrics.append(step);
    lastStep = step.step();
    outputs.progress.onStep(step);
  }

  private synchronized void commit(CommitRequest request) throws IOException {
    outputs.metrics.flush();
    outputs.evaluations.flush();
    TrainState state = request.state();
    BatchPlan batches = contents.batches();
    TrainPosition position =
        TrainPosition.after(
            state.step(), batches, state.tokensSeen(), state.targetTokensSeen(), contents.seed());
    Map<String, String> fingerprint = new TreeMap<>(contents.fingerprint());
    fingerprint.put(ResumeCheck.PRODUCTS, request.origin().products());
    outputs.checkpoints.commit(
        new CheckpointManifest(
            position,
            request.origin().worldSize(),
            request.origin().attempt(),
            contents.parameters(),
            fingerprint,
            request.rankFiles(),
            state.lossScale()));
    committedStep = Math.max(committedStep, state.step());
    outputs.checkpoints.prune(contents.keep());
  }

  /** The last step that a loss of executors cannot undo. */
  synchronized long committedStep() {
    return committedStep;
  }

  @Override
  public void left(Member member) {
    watchdog.finished(member.rank());
  }

  @Override
  public void lost(Member member, String reason) {
    LOG.warn("rank={} attempt={} connection lost: {}", member.rank(), member.attempt(), reason);
    synchronized (this) {
      if (!stopping) {
        return;
      }
    }
    fault.raise(
        new StoppedException(
            "Stopped by a signal, and rank "
                + member.rank()
                + " was lost before the step in progress was saved (go on from the checkpoint"
                + " before with train.resume_from_checkpoint = auto)"));
  }
}
